"""Training all branches of one model and seed together: one loader, one frozen forward, many losses."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from forgetbench.data.dataset import Dataset
from forgetbench.device import batch_to_device, pick_precision, synchronise, to_device
from forgetbench.errors import CorruptRunError
from forgetbench.faults import first_line, is_out_of_memory
from forgetbench.meters import UtilisationSampler
from forgetbench.model.original import Original
from forgetbench.model.targets import SharedTargets
from forgetbench.suite.schema import Logging
from forgetbench.suite.train_section import Train
from forgetbench.train.batches import Batches
from forgetbench.train.context import SHARED, SharedBatch
from forgetbench.train.epoch_record import ArmEpoch, BatchRows, EpochRecord, SessionEpoch, joined
from forgetbench.train.image_sides import stride_of
from forgetbench.train.learner import Learner, grow_learner
from forgetbench.train.losses import note_losses
from forgetbench.train.memory import backward_rows, optimizer_row, residents, solo_rows
from forgetbench.train.probes import saved_bytes
from forgetbench.train.readings import Readings
from forgetbench.train.recipe import Recipe
from forgetbench.train.seeding import seed_everything
from forgetbench.train.sources import SourceKey
from forgetbench.train.stopwatch import Stopwatch
from forgetbench.train.trunk import FrozenTrunk
from forgetbench.train.ultralytics_trainer import BranchTrainer


class TrainingSession:
    """Branches of one original and one seed, trained on the same batches off one frozen forward.

    A branch trained here with others equals the same branch trained alone: its initial head, its batches, its
    optimizer, clipping, scaler and EMA are its own or shared by all, and no loss touches another branch's weights.

    Attributes:
        learners: The branches by name of the arm.
        now: What the epoch that is being trained, or was trained last, has given so far.
    """

    def __init__(
        self,
        original: Original,
        recipes: Mapping[str, Recipe],
        dataset: Dataset,
        train: Train,
        *,
        seed: int,
        device: torch.device,
        logging: Logging,
        batches: Batches | None = None,
    ) -> None:
        """Prepare training.

        Args:
            original: What branches grow from; its modules are shared, moved to the device and never changed.
            recipes: How each branch is trained, by name of the arm.
            dataset: Training images.
            train: The suite's training section: epochs, images and batches, which all branches share.
            seed: Decides the task head's initial weights, the order of images and their augmentation.
            device: Where to train.
            logging: What to measure.
            batches: What loads the images, where several sessions take turns; default: its own.
        """
        self.original, self._device, self._logging, self._train = original, device, logging, train
        self._precision = pick_precision(device, train.amp)
        self._targets, self._watch, self._readings = SharedTargets(), Stopwatch(device), Readings()
        to_device(original.model, device)
        self._trunk = FrozenTrunk(original, recipes.values(), self._precision, self._watch)
        own = batches or Batches(original, recipes.values(), dataset, train, seed=seed, device=device)
        self._loader, self._further = own.loader, own.further
        self._seed = seed
        self.learners: dict[str, Learner] = {}
        for arm, recipe in recipes.items():
            self.learners[arm] = grow_learner(
                arm,
                recipe,
                original,
                dataset.classes,
                batches=len(self._loader),
                stride=stride_of(original),
                seed=seed,
                device=device,
                targets=self._targets,
                precision=self._precision,
            )
        self._epochs_done = 0
        self.now = SessionEpoch(0, self.batches, {})

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return len(self._loader)

    def epochs(self, on_batch: Callable[[int, int], None] | None = None) -> Generator[EpochRecord, None, None]:
        """Train, yielding a record after every epoch; between epochs branches may be stopped and states taken.

        It ends when no branch is left: the others were stopped, or have diverged.

        Args:
            on_batch: Called after every batch with the epoch (from 0) and the number of batches done in it.

        Raises:
            FrozenChangedError: a frozen module changed.
        """
        for found in self.parts(on_batch):
            yield joined([found], list(self.learners))

    def parts(self, on_batch: Callable[[int, int], None] | None = None) -> Generator[SessionEpoch, None, None]:
        """Train as `epochs` does, yielding what an epoch gave of each branch."""
        for epoch in range(self._epochs_done, self._train.epochs):
            active = [learner for learner in self.learners.values() if learner.stopped is None]
            if not active:
                break
            self.now = SessionEpoch(epoch + 1, self.batches, {learner.arm: ArmEpoch() for learner in active})
            with UtilisationSampler(self._device) as sampler:
                self._run_epoch(epoch, active, on_batch)
            self.now.utilisation = sampler.mean
            self._trunk.check()
            for learner in active:
                learner.end_epoch(epoch, self.now.arms[learner.arm].step_losses)
            self._epochs_done = epoch + 1
            yield self.now

    def _run_epoch(self, epoch: int, active: list[Learner], on_batch: Callable[[int, int], None] | None) -> None:
        for learner in active:
            learner.begin_epoch(epoch)
        began = time.perf_counter()
        sources = self._further.epoch(epoch, [learner.recipe for learner in active])
        for number, raw in enumerate(self._loader.epoch(epoch)):
            self._targets.new_batch()
            shared = self._shared(raw, epoch, number, active[0].trainer)
            further = {
                key: self._shared(next(batches), epoch, number, active[0].trainer) for key, batches in sources.items()
            }
            for learner in active:
                with self._watch.timing(learner.arm):
                    self._train_step(learner, shared, further, self.now.arms[learner.arm])
            if on_batch is not None:
                on_batch(epoch, number + 1)
        self._readings.read()
        synchronise(self._device)
        whole, seconds = time.perf_counter() - began, self._watch.take()
        seconds.pop(SHARED, None)  # what an arm was only the first to ask for is part of the rest
        self.now.shared_seconds = whole - sum(seconds.values())
        for learner in active:
            self.now.arms[learner.arm].seconds = seconds[learner.arm]

    def _shared(self, raw: dict[str, Any], epoch: int, number: int, trainer: BranchTrainer) -> SharedBatch:
        """Prepare one batch and run the frozen trunk on it."""
        seed_everything(self._seed, epoch, -1 - number)  # multi-scale draws from the global generator
        batch = trainer.preprocess_batch(batch_to_device(raw, self._device))
        batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
        return self._trunk.share(batch, epoch, number)

    def _train_step(
        self,
        learner: Learner,
        shared: SharedBatch,
        further: Mapping[SourceKey, SharedBatch],
        found: ArmEpoch,
    ) -> None:
        """Run one branch on one batch, measuring what is due; its losses are noted once they are read."""
        rows = BatchRows()
        found.rows.append(rows)
        epoch, step = shared.epoch, shared.number + self.batches * shared.epoch
        measure = shared.number == 0 and self._logging.memory and learner.recipe.turns(epoch + 1)
        losses: list[Tensor] = []
        parts: dict[str, Tensor] = {}
        saved_most = 0

        def solo() -> None:
            for compute in learner.losses.of_step(shared, further):
                with self._precision.autocast():
                    loss, _ = compute()
                learner.backward(loss)

        if measure:
            rows.memory += solo_rows(learner, solo)
        learner.trainer.warm_up(epoch, shared.number)
        for compute in learner.losses.of_step(shared, further):
            with saved_bytes(residents(learner)) if measure else nullcontext([0]) as saved, self._precision.autocast():
                loss, named = compute()
            learner.backward(loss)
            saved_most = max(saved_most, saved[0])
            losses.append(loss.detach())
            parts.update((name, parts[name] + value if name in parts else value) for name, value in named.items())
        if measure:
            rows.memory += backward_rows(learner, saved_most, shared.batch["img"], epoch + 1)
        if learner.step_due(step):
            log = self._logging.gradients and learner.steps % self._logging.gradient_every == 0
            learner.step(step, epoch, self._readings, rows.gradients if log else None)
            if learner.optimizer_grew and self._logging.memory:
                rows.memory.append(optimizer_row(learner))
                learner.optimizer_grew = False
        note_losses(self._readings, losses, parts, found.step_losses, found.sums)

    def state(self) -> dict[str, Any]:
        """Return all that continuing after the last complete epoch needs, as tensors and plain values."""
        return {
            "epochs": self._epochs_done,
            "learners": {arm: learner.state() for arm, learner in self.learners.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a state of the same session.

        Raises:
            CorruptRunError: it is of another.
        """
        try:
            self._epochs_done = state["epochs"]
            for arm, learner in self.learners.items():
                learner.restore(state["learners"][arm], self._epochs_done)
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            raise CorruptRunError(
                "the state to resume from is of another training",
                where=f"training of {self.original.name}",
                found=f"{type(error).__name__}: {first_line(str(error))}",
                fix="Remove the state, which is in the training's folder, to train it again.",
            ) from error
