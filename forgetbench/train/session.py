"""Training all branches of one model and seed together: one loader, one frozen forward, many losses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from forgetbench.data.dataset import Dataset
from forgetbench.device import to_device
from forgetbench.errors import DivergedError
from forgetbench.model import yolo
from forgetbench.model.branch import FrozenGuard, grow_branch
from forgetbench.model.original import Original
from forgetbench.suite.schema import Logging, Train
from forgetbench.train.gpu import UtilisationSampler, solo_peak
from forgetbench.train.learner import Learner
from forgetbench.train.probes import GradientRow, MemoryRow, optimizer_bytes, saved_bytes, tensor_bytes
from forgetbench.train.ultralytics_trainer import BranchTrainer, EpochLoader, seed_everything, training_settings


@dataclass(frozen=True)
class TimeRow:
    """Seconds an arm took in one epoch.

    Attributes:
        arm: Name of the arm; empty for what all arms share (loading, preparing, the frozen forward).
        epoch: Counted from 1.
        steps: Batches.
        seconds: Summed over the epoch; None where it cannot be told apart from other work (asynchronous devices).
        utilisation: Mean GPU utilisation over the epoch as a fraction, on the shared row only.
    """

    arm: str
    epoch: int
    steps: int
    seconds: float | None
    utilisation: float | None = None


@dataclass
class EpochRecord:
    """What one epoch of joint training produced; `losses` are means per arm over the epoch's batches."""

    epoch: int
    losses: dict[str, dict[str, float]] = field(default_factory=dict)
    step_losses: dict[str, list[float]] = field(default_factory=dict)
    gradients: list[GradientRow] = field(default_factory=list)
    memory: list[MemoryRow] = field(default_factory=list)
    times: list[TimeRow] = field(default_factory=list)


class TrainingSession:
    """Branches of one original and one seed, trained on the same batches off one frozen forward.

    A branch trained here with others equals the same branch trained alone: its initial head, its batches, its
    optimizer, clipping, scaler and EMA are its own or shared by all, and no loss touches another branch's weights.
    """

    def __init__(
        self,
        original: Original,
        arms: Sequence[tuple[str, int]],
        dataset: Dataset,
        train: Train,
        *,
        seed: int,
        device: torch.device,
        logging: Logging,
    ) -> None:
        """Prepare training.

        Args:
            original: What branches grow from; its modules are shared, moved to the device and never changed.
            arms: Name and freeze point of each branch.
            dataset: Training images.
            train: The suite's training section.
            seed: Decides the task head's initial weights, the order of images and their augmentation.
            device: Where to train.
            logging: What to measure.
        """
        self._original, self._device, self._logging, self._train = original, device, logging, train
        self._amp = train.amp and device.type == "cuda"
        to_device(original.model, device)
        self._deepest = max(freeze_point for _, freeze_point in arms)
        self._needed = yolo.saved_indices(original.model) | {freeze_point - 1 for _, freeze_point in arms}
        self._guard = FrozenGuard(original, self._deepest)
        settings = training_settings(train, seed)
        stride = max(max(yolo.strides_of(original.model)), 32)
        self._loader = EpochLoader(dataset, settings, stride, seed, pin_memory=device.type == "cuda")
        self._seed = seed
        self.learners: dict[str, Learner] = {}
        for arm, freeze_point in arms:
            branch = grow_branch(
                original,
                freeze_point,
                dataset.classes,
                seed=seed,
                cls_remap=train.cls_remap,
                pretrained=train.pretrained,
            )
            to_device(branch.model, device)
            trainer = BranchTrainer(settings, branch.owned, len(self._loader), stride, device)
            self.learners[arm] = Learner(arm, branch, trainer, self._amp)
        self._epochs_done = 0

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return len(self._loader)

    def epochs(self, on_batch: Callable[[int, int], None] | None = None) -> Iterator[EpochRecord]:
        """Train, yielding a record after every epoch; between epochs branches may be stopped and states taken.

        Args:
            on_batch: Called after every batch with the epoch (from 0) and the number of batches done in it.

        Raises:
            DivergedError: no branch has finite weights any more.
            FrozenChangedError: a frozen module changed.
        """
        for epoch in range(self._epochs_done, self._train.epochs):
            active = [learner for learner in self.learners.values() if learner.stopped is None]
            if not active:
                break
            with UtilisationSampler(self._device) as sampler:
                record, shared = self._run_epoch(epoch, active, on_batch)
            record.times.insert(0, TimeRow("", epoch + 1, self.batches, shared, sampler.mean))
            self._guard.check()
            for learner in active:
                learner.end_epoch(epoch)
            self._epochs_done = epoch + 1
            if all(learner.stopped and "finite" in learner.stopped for learner in self.learners.values()):
                raise DivergedError(
                    "every branch diverged",
                    where=f"epoch {epoch + 1}",
                    fix="Lower train.lr0, or raise train.warmup_epochs.",
                )
            yield record

    def _run_epoch(
        self, epoch: int, active: list[Learner], on_batch: Callable[[int, int], None] | None
    ) -> tuple[EpochRecord, float | None]:
        record = EpochRecord(epoch + 1)
        seconds = dict.fromkeys([learner.arm for learner in active], 0.0)
        sums: dict[str, dict[str, float]] = {learner.arm: {} for learner in active}
        for learner in active:
            learner.branch.set_training(True)
            learner.trainer.start_epoch(epoch)
            record.step_losses[learner.arm] = []
        began = time.perf_counter()
        for number, raw in enumerate(self._loader.epoch(epoch)):
            step = number + self.batches * epoch
            seed_everything(self._seed, epoch, -1 - number)  # multi-scale draws from the global generator
            batch = active[0].trainer.preprocess_batch(raw)
            batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
            trunk = self._frozen_forward(batch["img"])
            if step == 0 and self._logging.memory:
                record.memory += [row for learner in active for row in self._measure_solo(learner, trunk, batch)]
            for learner in active:
                started = time.perf_counter()
                learner.trainer.warm_up(epoch, number)
                with saved_bytes(self._residents(learner)) as counted, self._autocast():
                    loss, parts = learner.loss(trunk, batch)
                learner.backward(loss)
                if step == 0 and self._logging.memory:
                    record.memory += self._memory_before_step(learner, counted[0], batch["img"])
                if learner.step_due(step):
                    log = self._logging.gradients and learner.steps % self._logging.gradient_every == 0
                    record.gradients += learner.step(step, epoch, log)
                    if learner.steps == 1 and self._logging.memory:
                        record.memory.append(
                            self._row(learner, "optimizer", optimizer_bytes(learner.trainer.optimizer))
                        )
                record.step_losses[learner.arm].append(float(loss.detach()))
                for name, value in parts.items():
                    sums[learner.arm][name] = sums[learner.arm].get(name, 0.0) + value
                seconds[learner.arm] += time.perf_counter() - started
            if on_batch is not None:
                on_batch(epoch, number + 1)
        shared = time.perf_counter() - began - sum(seconds.values())
        asynchronous = self._device.type != "cpu"
        for learner in active:
            spent = None if asynchronous else seconds[learner.arm]
            record.times.append(TimeRow(learner.arm, epoch + 1, self.batches, spent))
            record.losses[learner.arm] = {name: total / self.batches for name, total in sums[learner.arm].items()}
        return record, None if asynchronous else shared

    def _frozen_forward(self, images: Tensor) -> dict[int, Tensor]:
        outputs: dict[int, Tensor] = {-1: images}
        with torch.no_grad(), self._autocast():
            yolo.run_modules(self._original.modules[: self._deepest], outputs, images, frozenset(self._needed))
        return outputs

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, enabled=self._amp)

    def _residents(self, learner: Learner) -> list[Tensor]:
        return [*learner.branch.model.parameters(), *learner.branch.model.buffers()]

    def _row(self, learner: Learner, kind: str, count: int | None, how: str = "tensor sizes") -> MemoryRow:
        return MemoryRow(learner.arm, kind, count, str(self._device), how)

    def _memory_before_step(self, learner: Learner, saved: int, images: Tensor) -> list[MemoryRow]:
        owned = list(learner.branch.owned.parameters())
        count, _, height, width = images.shape
        how = f"saved_tensors_hooks, first step, {count} images of {width}x{height}"
        return [
            self._row(learner, "saved_for_backward", saved, how),
            self._row(learner, "parameters", tensor_bytes(self._residents(learner)), "whole model, buffers included"),
            self._row(learner, "gradients", tensor_bytes(p.grad for p in owned)),
        ]

    def _measure_solo(self, learner: Learner, trunk: dict[int, Tensor], batch: dict[str, Any]) -> list[MemoryRow]:
        """Measure peak memory of one step without the other branches; leaves weights and statistics as they were."""
        before = {key: value.clone() for key, value in learner.branch.owned.state_dict().items()}

        def step() -> None:
            with self._autocast():
                loss, _ = learner.loss(trunk, batch)
            learner.backward(loss)

        peaks = solo_peak(self._device, step)
        if peaks is not None:
            learner.branch.owned.load_state_dict(before)
            learner.trainer.optimizer.zero_grad()
        how = "peak of a solo step above what was resident" if peaks else "needs CUDA"
        allocated, reserved = peaks if peaks else (None, None)
        return [
            self._row(learner, "max_allocated", allocated, how),
            self._row(learner, "max_reserved", reserved, how),
        ]

    def state(self) -> dict[str, Any]:
        """Return all that continuing after the last complete epoch needs, as tensors and plain values."""
        return {
            "epochs": self._epochs_done,
            "learners": {arm: learner.state() for arm, learner in self.learners.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state of the same session."""
        self._epochs_done = state["epochs"]
        for arm, learner in self.learners.items():
            learner.restore(state["learners"][arm], self._epochs_done)
