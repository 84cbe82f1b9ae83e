"""The losses of one branch: Ultralytics' detection loss, what strategies add, and those of further batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from forgetbench.model import heads, yolo
from forgetbench.model.branch import Branch
from forgetbench.model.original import Original
from forgetbench.model.targets import SharedTargets
from forgetbench.train.context import SharedBatch, StepContext
from forgetbench.train.readings import Readings
from forgetbench.train.recipe import Recipe
from forgetbench.train.seeding import seed_everything
from forgetbench.train.sources import SourceKey, source_key
from forgetbench.train.strategies.base import BatchSource, Strategy
from forgetbench.train.trunk import outputs_kept

#: A loss to go backward from, and its parts by name; both still on the device.
Loss = tuple[Tensor, dict[str, Tensor]]


class Losses:
    """What a branch minimises."""

    def __init__(
        self, branch: Branch, recipe: Recipe, settings: Any, original: Original, targets: SharedTargets
    ) -> None:
        """Make the losses.

        Args:
            branch: The branch.
            recipe: How it is trained.
            settings: The arm's settings as Ultralytics' namespace.
            original: What the branch grew from.
            targets: What all branches of the session share of the target batch's loss.
        """
        self._branch, self._recipe, self._settings = branch, recipe, settings
        self._weights = branch.parameters()
        smoothing = recipe.train.label_smoothing
        self._criterion = yolo.criterion_of(branch.model, settings, targets, smoothing)
        self._source_losses = {
            labels: _SourceLoss(original.model if labels == "original" else branch.model, settings, labels, smoothing)
            for labels in {source.labels for _, source in recipe.sources}
        }
        self._keep = outputs_kept(branch.model, recipe)

    def of_step(self, shared: SharedBatch, further: Mapping[SourceKey, SharedBatch]) -> Iterator[Callable[[], Loss]]:
        """Yield what computes the losses of one step: the target batch's, then those of further batches.

        Each gives the loss and its parts, still on the device; go backward before the next, so that the graph of
        one batch at a time is kept.
        """
        yield partial(self._loss, shared)
        for strategy, source in self._recipe.sources:
            yield partial(self._source_loss, strategy, source, further[source_key(source)], len(shared.batch["img"]))

    def _loss(self, shared: SharedBatch) -> Loss:
        if self._recipe.has_losses:  # so that what a strategy draws does not depend on other arms
            seed_everything(self._settings.seed, shared.epoch, -1 - shared.number)
        context = self._forward(shared, lambda seen: self._mean_loss(seen.predictions, shared.batch))
        images = len(shared.batch["img"])
        loss, parts = self._criterion(context.predictions, shared.batch)
        total, penalty = loss.sum(), self._recipe.penalty(self._weights)
        if penalty is not None:
            total = total + penalty * images  # Ultralytics' loss is summed over images
            parts = {**parts, "penalty": penalty.detach()}
        for name, term in self._recipe.losses(context):
            total = total + term * images
            parts = {**parts, name: term.detach()}
        return total, parts

    def _source_loss(self, strategy: Strategy, source: BatchSource, shared: SharedBatch, images: int) -> Loss:
        """Return what a strategy adds for one of its batches, to the loss of a target batch of so many images."""
        loss = self._source_losses[source.labels]

        def detection_loss(seen: StepContext) -> Tensor:
            of_original = source.labels == "original"
            return loss(seen.original_head().as_predictions() if of_original else seen.predictions, shared.batch)

        with nullcontext() if source.statistics else self._branch.frozen_statistics():
            term = strategy.source_loss(source, self._forward(shared, detection_loss))
        if term is None:
            return torch.zeros((), device=shared.trunk[-1].device), {}
        return term * images, {strategy.name: term.detach()}

    def _mean_loss(self, predictions: Any, batch: Mapping[str, Any]) -> Tensor:
        loss: Tensor = self._criterion(predictions, batch)[0].sum()
        return loss / len(batch["img"])

    def _forward(self, shared: SharedBatch, detection_loss: Callable[[StepContext], Tensor]) -> StepContext:
        """Run the owned modules on the trunk's outputs."""
        outputs = dict(shared.trunk)
        given = outputs[self._branch.freeze_point - 1]
        predictions = yolo.run_modules(self._branch.owned, outputs, given, self._keep)
        return StepContext(shared.epoch + 1, shared.batch, outputs, predictions, shared.original, detection_loss)

    def shift_heads(self, epochs: int) -> None:
        """Shift weight from one-to-many to one-to-one, as YOLOv10 does after every epoch."""
        for criterion in (self._criterion, *(loss.criterion for loss in self._source_losses.values())):
            for _ in range(epochs if hasattr(criterion, "update") else 0):
                criterion.update()


class _SourceLoss:
    """The detection loss of further batches' labels; it shares nothing with that of the target's batches."""

    def __init__(
        self, model: yolo.Yolo, settings: Any, labels: Literal["original", "target"], label_smoothing: float
    ) -> None:
        """Make the loss.

        Args:
            model: The original for labels of its classes, else the branch's model.
            settings: The arm's settings as Ultralytics' namespace.
            labels: Whose classes the labels are; of a frozen head with two kinds of stacks only the one-to-many stacks
                say anything to the trunk below.
            label_smoothing: The arm's, for the target's classes.
        """
        self._targets = SharedTargets()
        smoothing = label_smoothing if labels == "target" else 0.0
        whole = yolo.criterion_of(model, settings, self._targets, smoothing)
        self.criterion = heads.one_to_many_loss(whole) if labels == "original" else whole

    def __call__(self, predictions: Any, batch: Any) -> Tensor:
        """Return the loss of a head's outputs for a batch's labels, mean per image."""
        self._targets.new_batch()
        loss: Tensor = self.criterion(predictions, batch)[0].sum()
        return loss / len(batch["img"])


def note_losses(
    readings: Readings, losses: list[Tensor], parts: dict[str, Tensor], steps: list[float], sums: dict[str, float]
) -> None:
    """Note the losses of one step: once read, their sum is appended to `steps`, and each part added to its sum."""
    names, count = list(parts), len(losses)

    def use(numbers: list[float]) -> None:
        steps.append(sum(numbers[:count]))
        for name, value in zip(names, numbers[count:], strict=True):
            sums[name] = sums.get(name, 0.0) + value

    readings.note([*losses, *parts.values()], use)
