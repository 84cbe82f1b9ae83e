"""Baseline (b): the same script by someone who knows Ultralytics and the machine, in one process.

Still Ultralytics' trainer and validator, with everything its classes let one change that makes the work faster:

- PyTorch computes on every core (Ultralytics leaves one idle), which is checked at every batch;
- channels_last in training too (Ultralytics' validation has it), no deterministic algorithms;
- training and validation images are decoded once for all freeze points and checkpoints (`cache="ram"`);
- no validation while training, nor after it: the checkpoints are validated anyway;
- a checkpoint is opened, and its trunk fused, once for both datasets;
- COCO is not validated again on a trunk that is the original's to the last bit, as it is when only the head trains;
- AP is scored by COCO's definition in compiled code (hotcoco) instead of by Ultralytics' own metric.

No worker processes, as Ultralytics has it on a CPU: of the processor time of a training step, loading is 4 % (freeze
point 22) to 2 % (nothing frozen), and half of that is all that a worker beside two computing threads could hide.
It takes the same arguments as `plain.py`, and `--threads`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

import hotcoco
import numpy as np
import torch
from torch import nn
from ultralytics.data import base, dataset
from ultralytics.models.yolo.detect import DetectionTrainer, DetectionValidator
from ultralytics.nn.tasks import load_checkpoint
from ultralytics.utils import ops, torch_utils

from benchmarks.plain import epoch_checkpoints
from benchmarks.settings import TRAINING, VALIDATION, add_arguments


def use_threads(count: int) -> None:
    """Let Ultralytics compute, decode and read labels with as many threads as given, now and whenever it sets them."""
    torch_utils.NUM_THREADS = base.NUM_THREADS = dataset.NUM_THREADS = count
    torch.set_num_threads(count)


def check_threads() -> None:
    """Refuse to go on with fewer threads than were asked for: this baseline would be slower than it has to be."""
    if torch.get_num_threads() != torch_utils.NUM_THREADS:
        raise RuntimeError(f"expected {torch_utils.NUM_THREADS} threads, found {torch.get_num_threads()}")


class QuickTrainer(DetectionTrainer):  # type: ignore[misc]
    """Ultralytics' trainer: channels_last, datasets kept from one training to the next, no validation."""

    kept: dict[str, Any] = {}  # noqa: RUF012  (shared by all trainings on purpose)

    def get_model(self, *args: Any, **kwargs: Any) -> Any:
        return super().get_model(*args, **kwargs).to(memory_format=torch.channels_last)

    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
        if mode not in self.kept:
            self.kept[mode] = super().build_dataset(img_path, mode, batch)
        images = self.kept[mode]
        images.transforms = images.build_transforms(hyp=copy(self.args))  # an earlier training closed mosaic
        return images

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        check_threads()
        batch = super().preprocess_batch(batch)
        batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
        return batch

    def validate(self) -> tuple[dict[str, Any], None]:
        return {}, None

    def final_eval(self) -> None:
        self.last.unlink()  # the epochs' checkpoints hold all there is
        self.best.unlink()


class QuickValidator(DetectionValidator):  # type: ignore[misc]
    """Ultralytics' validator: one loader per dataset for all checkpoints, AP by hotcoco in `self.ap`."""

    kept: dict[str, tuple[Any, hotcoco.COCO]] = {}  # noqa: RUF012  (shared by all validations on purpose)
    ap: float

    def get_dataloader(self, dataset_path: str, batch_size: int) -> Any:
        if dataset_path not in self.kept:
            loader = super().get_dataloader(dataset_path, batch_size)
            self.kept[dataset_path] = (loader, ground_truth(loader.dataset))
        loader, self.truth = self.kept[dataset_path]
        return loader

    def get_model(self, model: nn.Module, trainer: Any = None) -> nn.Module:  # noqa: ARG002  (as its base)
        return model  # Ultralytics copies it before it fuses; checkpoints are opened for us alone

    def init_metrics(self, model: nn.Module) -> None:
        super().init_metrics(model)
        self.rows: list[np.ndarray] = []

    def preprocess(self, batch: dict[str, Any]) -> dict[str, Any]:
        check_threads()
        return super().preprocess(batch)  # type: ignore[no-any-return]

    def update_metrics(self, preds: list[dict[str, torch.Tensor]], batch: dict[str, Any]) -> None:
        canvas = batch["img"].shape[2:]
        for name, shape, placed, found in zip(
            batch["im_file"], batch["ori_shape"], batch["ratio_pad"], preds, strict=True
        ):
            boxes = ops.xyxy2ltwh(ops.scale_boxes(canvas, found["bboxes"], shape, placed))
            columns = (boxes, found["conf"][:, None], found["cls"][:, None] + 1)
            rows = torch.cat(columns, dim=1).numpy().astype(np.float64)
            self.rows.append(np.column_stack([np.full(len(rows), image_id(name)), rows]))

    def get_stats(self) -> dict[str, Any]:
        self.ap = average_precision(self.truth, np.concatenate(self.rows))
        return {}

    def finalize_metrics(self) -> None:
        pass

    def print_results(self) -> None:
        pass


def image_id(path: str) -> int:
    """Return the number that an exported image is named by."""
    return int(Path(path).stem)


def ground_truth(images: Any) -> hotcoco.COCO:
    """Return the boxes of an Ultralytics dataset in COCO's form, in pixels."""
    annotations: list[dict[str, Any]] = []
    for label in images.labels:
        height, width = label["shape"]
        scale = np.array([width, height, width, height], dtype=np.float64)
        for box, category in zip(ops.xywh2ltwh(label["bboxes"]) * scale, label["cls"].ravel(), strict=True):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id(label["im_file"]),
                    "category_id": int(category) + 1,
                    "bbox": box.tolist(),
                    "area": float(box[2] * box[3]),
                    "iscrowd": 0,
                }
            )
    listed = [
        {"id": image_id(label["im_file"]), "height": label["shape"][0], "width": label["shape"][1]}
        for label in images.labels
    ]
    categories = [{"id": index + 1, "name": name} for index, name in images.data["names"].items()]
    return hotcoco.COCO({"images": listed, "annotations": annotations, "categories": categories})


def average_precision(truth: hotcoco.COCO, rows: np.ndarray) -> float:
    """Return COCO's AP of detections: rows of image, x, y, width, height, score, category; 0 if there are none."""
    if not len(rows):
        return 0.0
    evaluation = hotcoco.COCOeval(truth, truth.load_res(rows), "bbox")
    evaluation.params.max_dets = [100]
    evaluation.evaluate()
    evaluation.accumulate()
    table: Any = evaluation.eval
    precision = np.asarray(table["precision"])[:, :, :, 0, -1]
    return float(precision[precision > -1].mean())


def same_trunk(one: Any, other: Any) -> bool:
    """Tell whether all modules below the head hold the same values, to the last bit."""
    pairs = zip(one.model[:-1].state_dict().values(), other.model[:-1].state_dict().values(), strict=True)
    return all(torch.equal(mine, yours) for mine, yours in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__))
    add_arguments(parser)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    given = parser.parse_args()
    use_threads(given.threads)
    original, _ = load_checkpoint(given.weights)
    settings = {**VALIDATION, "imgsz": given.imgsz, "project": given.output, "name": "val", "exist_ok": True}
    settings["cache"] = "ram"

    def validated(model: nn.Module, data: Path) -> float:
        validator = QuickValidator(args={**settings, "data": data})
        validator(model=model)
        return validator.ap

    untouched: float | None = None  # COCO AP of the original's trunk, once known
    scores: list[dict[str, Any]] = []
    for freeze in given.freeze_points:
        name = f"freeze{freeze}"
        began = time.perf_counter()
        overrides = {
            **TRAINING, "model": given.weights, "data": given.target, "freeze": freeze, "epochs": given.epochs,
            "imgsz": given.imgsz, "project": given.output, "name": name, "exist_ok": True,
            "cache": "ram", "val": False, "deterministic": False,
        }  # fmt: skip
        QuickTrainer(overrides=overrides).train()
        print(f"freeze point {freeze}: trained in {time.perf_counter() - began:.0f} s", flush=True)
        began = time.perf_counter()
        for epoch, checkpoint in enumerate(epoch_checkpoints(given.output / name, given.epochs), 1):
            model, _ = load_checkpoint(checkpoint)
            frozen = same_trunk(model, original)
            target = validated(model, given.target)
            if frozen:
                untouched = validated(deepcopy(original), given.reference) if untouched is None else untouched
                reference = untouched
            else:
                model.model[-1], model.names = deepcopy(original.model[-1]), original.names
                reference = validated(model, given.reference)
            scores += [
                {"freeze_point": freeze, "epoch": epoch, "role": "target", "ap": target},
                {"freeze_point": freeze, "epoch": epoch, "role": "reference", "ap": reference},
            ]
        print(f"freeze point {freeze}: validated in {time.perf_counter() - began:.0f} s", flush=True)
    (given.output / "scores.json").write_text(json.dumps(scores, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
