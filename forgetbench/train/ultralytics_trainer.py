"""The one seam to Ultralytics' training internals: its augmented dataset, optimizers, schedules and EMA.

Augmentation, optimizer groups, learning-rate schedule, warm-up and batch preparation are Ultralytics'. The loop around
them is ours (`session.py`), because it trains many branches at once. Nothing else imports Ultralytics for training.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, redirect_stdout
from copy import copy
from io import StringIO
from os import devnull
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from forgetbench.data.dataset import Dataset
from forgetbench.data.images.content import unchanged
from forgetbench.errors import DataError, ForgetbenchError
from forgetbench.faults import machine_fault, writing
from forgetbench.model import quiet, yolo  # noqa: F401  (quiet must come before ultralytics)
from forgetbench.suite.train_section import Train
from forgetbench.train.decoded import decoded_places, is_whole, keep_decoded
from forgetbench.train.parameter_groups import apply_rates, replace_parameters
from forgetbench.train.seeding import seed_everything

from ultralytics.cfg import get_cfg  # isort: skip
from ultralytics.data.dataset import YOLODataset  # isort: skip
from ultralytics.models.yolo.detect import DetectionTrainer  # isort: skip
from ultralytics.utils.patches import imread  # isort: skip
from ultralytics.utils.torch_utils import ModelEMA  # isort: skip

__all__ = [
    "BranchTrainer",
    "EpochLoader",
    "ModelEMA",
    "training_settings",
]

#: Where no decoded image is: Ultralytics would use one that lies there whatever the suite says of a cache.
_NOWHERE = Path(devnull, "none")


def training_settings(train: Train, seed: int) -> Any:
    """Return Ultralytics' settings namespace for a suite's training section."""
    keys = (
        "epochs", "imgsz", "batch", "optimizer", "lr0", "lrf", "momentum", "weight_decay", "nbs", "warmup_epochs",
        "warmup_momentum", "cos_lr", "cache", "amp", "box", "cls", "dfl",
    )  # fmt: skip
    named = {"warmup_bias_lr": train.bias_rate, **{key: getattr(train, key) for key in keys}}
    settings = get_cfg(overrides={**named, **train.augment, "seed": seed, "task": "detect", "mode": "train"})
    settings.deterministic = False  # silences advice about cache; randomness is seeded per image here
    return settings


class AugmentedDataset(YOLODataset):  # type: ignore[misc]
    """Ultralytics' augmented training dataset over our samples, with randomness that only (seed, epoch, image) decide.

    Ultralytics draws mosaic partners from recently loaded images, so an epoch depends on what was loaded before and by
    which worker. Here partners come from the whole dataset, as Ultralytics itself does with `cache=ram`; then a resumed
    run, or one with other workers or cache, sees the very same images. Nothing is written beside the user's data.
    """

    def __init__(self, dataset: Dataset, settings: Any, stride: int, seed: int) -> None:
        self.source, self.seed, self.epoch = dataset, seed, 0
        self._decoded = decoded_places(dataset) if settings.cache == "disk" else [_NOWHERE] * len(dataset.samples)
        names = dict(enumerate(dataset.classes))
        super().__init__(
            img_path="",
            imgsz=settings.imgsz,
            batch_size=settings.batch,
            augment=True,
            hyp=settings,
            cache=settings.cache or None,
            stride=stride,
            pad=0.0,
            data={"names": names, "nc": len(names), "channels": 3},
        )

    def get_img_files(self, _path: Any) -> list[str]:
        """Return image paths, as the samples name them."""
        return [str(sample.image) for sample in self.source.samples]

    def get_labels(self) -> list[dict[str, Any]]:
        """Return labels in Ultralytics' form: normalised xywh; crowd regions are no training targets."""
        labels: list[dict[str, Any]] = []
        for sample in self.source.samples:
            used = ~sample.crowd
            size = np.array([sample.width, sample.height, sample.width, sample.height], dtype=np.float64)
            x1, y1, x2, y2 = (sample.boxes[used] / size).T
            labels.append(
                {
                    "im_file": str(sample.image),
                    "shape": (sample.height, sample.width),
                    "cls": sample.classes[used].astype(np.float32)[:, None],
                    "bboxes": np.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], axis=1).astype(np.float32),
                    "segments": [],
                    "keypoints": None,
                    "normalized": True,
                    "bbox_format": "xywh",
                }
            )
        return labels

    @property
    def npy_files(self) -> list[Path]:
        """Where decoded images are kept with `cache=disk`: in our cache folder, never beside the images."""
        return self._decoded

    @npy_files.setter
    def npy_files(self, proposed: list[Path]) -> None:
        """Pass over the places beside the images that Ultralytics proposes, and uses whatever `cache` says."""

    def cache_images(self) -> None:
        """Fill Ultralytics' cache without its progress bar."""
        with redirect_stdout(StringIO()):
            super().cache_images()

    def cache_images_to_disk(self, i: int) -> None:
        """Keep a decoded image for faster loading, unless it is kept; where there is no room for it, go without."""
        if not is_whole(self.npy_files[i]):
            with unchanged(self.source.samples[i]):
                pixels = imread(self.im_files[i], flags=self.cv2_flag)
            if pixels is not None:
                keep_decoded(self.npy_files[i], pixels)

    def check_cache_disk(self, safety_margin: float = 0.1) -> bool:
        """Make our cache folder; an image that it has no room for is decoded again each time."""
        folder = self.npy_files[0].parent
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return safety_margin >= 0

    def build_transforms(self, hyp: Any) -> Any:
        """Build Ultralytics' augmentation with mosaic partners drawn from the whole dataset."""
        transforms = super().build_transforms(hyp)
        _draw_from_whole_dataset(transforms)
        return transforms

    def __getitem__(self, index: int) -> dict[str, Any] | ForgetbenchError:
        """Return one augmented image, decided by (seed, epoch, index) alone, or what is wrong with it.

        An index beyond the last image is an image from the start again, augmented otherwise.
        An error raised in a loader process would reach the user as that process's whole traceback.
        """
        seed_everything(self.seed, self.epoch, index)
        try:
            return super().__getitem__(index % len(self))  # type: ignore[no-any-return]
        except ForgetbenchError as error:
            return error

    def load_image(self, i: int, *arguments: Any, **named: Any) -> Any:
        """Decode one image, or return it from the cache.

        Raises:
            DataError: the file cannot be decoded, or does not hold what was hashed when the data were read.
            ForgetbenchError: the machine is to blame.
        """
        kept = self.ims[i] is not None
        if not kept and self.cache == "disk":
            self.cache_images_to_disk(i)
            kept = is_whole(self.npy_files[i])
        try:
            with nullcontext() if kept else unchanged(self.source.samples[i]):
                return super().load_image(i, *arguments, **named)
        except (OSError, cv2.error) as error:
            fault = None if isinstance(error, FileNotFoundError) else machine_fault(error)
            if fault is not None:
                raise fault from error
            raise DataError("cannot be decoded", where=self.im_files[i], fix="Remove or replace the image.") from error


def _draw_from_whole_dataset(transform: Any) -> None:
    if hasattr(transform, "buffer_enabled"):
        transform.buffer_enabled = False
    for inner in [*getattr(transform, "transforms", []), getattr(transform, "pre_transform", None)]:
        if inner is not None and not isinstance(inner, list | dict):
            _draw_from_whole_dataset(inner)


def _collated(items: list[dict[str, Any] | ForgetbenchError]) -> dict[str, Any] | ForgetbenchError:
    """Return a batch of images, or the error that one of them has instead."""
    error = next((item for item in items if isinstance(item, ForgetbenchError)), None)
    return error or YOLODataset.collate_fn(items)


class EpochLoader:
    """Batches of one epoch after another, in an order that only (seed, epoch) decide."""

    def __init__(
        self,
        dataset: Dataset,
        settings: Any,
        stride: int,
        seed: int,
        *,
        workers: int,
        pin_memory: bool,
        draws: int | None = None,
    ) -> None:
        """Open a dataset.

        Args:
            dataset: The images.
            settings: Ultralytics' settings namespace.
            stride: What sides of images are whole numbers of.
            seed: Decides the order of images and their augmentation.
            workers: Loader processes.
            pin_memory: Whether batches are put into page-locked memory.
            draws: Images in an epoch: the first of an order that begins again where images are used up. Default: each
                once.
        """
        self._settings, self._seed, self._workers, self._pin = settings, seed, workers, pin_memory
        self._draws = len(dataset.samples) if draws is None else draws
        self._dataset = AugmentedDataset(dataset, settings, stride, seed)
        self._mosaic_closed = False

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return math.ceil(self._draws / int(self._settings.batch))

    def epoch(self, epoch: int) -> Iterator[dict[str, Any]]:
        """Yield the batches of one epoch (counted from 0); mosaic closes for the last `close_mosaic` epochs.

        Raises:
            DataError: an image is gone or cannot be decoded.
        """
        closing = self._settings.close_mosaic and epoch >= self._settings.epochs - self._settings.close_mosaic
        if closing and not self._mosaic_closed:
            self._dataset.close_mosaic(copy(self._settings))
            self._mosaic_closed = True
        self._dataset.epoch = epoch
        count, random = len(self._dataset), np.random.default_rng([self._seed, epoch])
        turns = math.ceil(self._draws / count)
        order = [turn * count + index for turn in range(turns) for index in random.permutation(count).tolist()]
        batches: DataLoader[dict[str, Any]] = DataLoader(
            self._dataset,
            batch_size=self._settings.batch,
            sampler=order[: self._draws],
            num_workers=self._workers,
            collate_fn=_collated,
            pin_memory=self._pin,
        )
        for batch in batches:
            if isinstance(batch, ForgetbenchError):
                raise batch
            yield batch


class BranchTrainer(DetectionTrainer):  # type: ignore[misc]
    """Ultralytics' trainer for one branch: its optimizer, schedule and warm-up, without its loop, files and callbacks.

    `BaseTrainer.__init__` makes folders, reads data files and registers reporting callbacks; none of that is wanted.
    """

    def __init__(
        self,
        settings: Any,
        owned: nn.Module,
        batches: int,
        stride: int,
        device: torch.device,
        rates: Mapping[int, float] | None = None,
        instead: Mapping[int, list[nn.Parameter]] | None = None,
    ) -> None:
        """Make optimizer and schedule.

        Args:
            settings: Ultralytics' settings namespace.
            owned: The branch's modules, the head last.
            batches: Batches in an epoch.
            stride: What sides of images are whole numbers of.
            device: Where the branch trains.
            rates: Factors on the learning rate, by `id` of a parameter.
            instead: Parameters that train in the place of another, by its `id`.
        """
        self.args, self.device, self.stride = settings, device, stride
        self.batch_size, self.epochs, self.batches = settings.batch, settings.epochs, batches
        self.accumulate = max(round(settings.nbs / settings.batch), 1)
        decay = settings.weight_decay * settings.batch * self.accumulate / settings.nbs
        self.accumulate = self.full_accumulate = min(self.accumulate, batches * settings.epochs)
        carrier = nn.Module()
        carrier.model = owned  # build_optimizer looks for the head at model[-1]
        self.optimizer = self.build_optimizer(
            carrier, settings.optimizer, lr=settings.lr0, momentum=settings.momentum, decay=decay
        )
        apply_rates(self.optimizer, rates or {})
        replace_parameters(self.optimizer, instead or {})
        self._setup_scheduler()
        self.warmup_steps = self._get_warmup_iterations(batches)

    def start_epoch(self, epoch: int) -> None:
        """Set learning rates for an epoch (counted from 0)."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * self.lf(epoch)

    def warm_up(self, epoch: int, batch: int) -> None:
        """Set warm-up learning rates, momentum and accumulation for one batch, as Ultralytics does."""
        step = batch + self.batches * epoch
        if not self.warmup_steps or step > self.warmup_steps:
            return
        span = [0, self.warmup_steps]
        self.accumulate = max(1, int(np.interp(step, span, [1, self.full_accumulate]).round()))
        for group in self.optimizer.param_groups:
            start = self.args.warmup_bias_lr * group["rate"] if group.get("param_group") == "bias" else 0.0
            group["lr"] = float(np.interp(step, span, [start, group["initial_lr"] * self.lf(epoch)]))
            if "momentum" in group:
                group["momentum"] = float(np.interp(step, span, [self.args.warmup_momentum, self.args.momentum]))
