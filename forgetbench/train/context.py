"""What a strategy sees of one batch: its images and labels, the branch's outputs, and the original's when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from forgetbench.device import Precision
from forgetbench.model import heads, yolo
from forgetbench.model.heads import HeadOutputs
from forgetbench.model.original import Original
from forgetbench.train.stopwatch import Stopwatch

#: What the time of work that all branches share is counted under.
SHARED = ""


class OriginalOutputs:
    """What the original makes of one batch, computed when first asked for, and once for all arms.

    Without gradients and with BatchNorm in eval mode; the frozen trunk's outputs are taken as they are.
    """

    def __init__(
        self,
        original: Original,
        trunk: Mapping[int, Tensor],
        depth: int,
        keep: frozenset[int],
        precision: Precision,
        watch: Stopwatch,
    ) -> None:
        """Remember what it is computed from.

        Args:
            original: The model.
            trunk: Outputs of its modules below `depth` by index; -1 holds the images.
            depth: The first module that did not run yet.
            keep: Indices of modules whose outputs may be asked for.
            precision: What its modules run in.
            watch: Times it as shared work, whichever arm asks.
        """
        self.original, self._trunk, self._depth, self._keep, self._precision = original, trunk, depth, keep, precision
        self._watch = watch
        self._outputs: dict[int, Tensor] | None = None
        self._heads: dict[bool, HeadOutputs] = {}

    def output(self, index: int) -> Tensor:
        """Return the output of a trunk module, one that a strategy named in `modules` or that the head takes."""
        return self._all()[index]

    def head(self, *, one_to_one: bool = False) -> HeadOutputs:
        """Return the raw outputs of the original's head on its own features."""
        outputs = self._all()
        if one_to_one not in self._heads:
            with torch.no_grad(), self._watch.timing(SHARED):
                self._heads[one_to_one] = self.head_on(outputs, one_to_one=one_to_one)
        return self._heads[one_to_one]

    def head_on(self, outputs: Mapping[int, Tensor], *, one_to_one: bool = False) -> HeadOutputs:
        """Return the raw outputs of the original's head on a branch's features; gradients reach the branch.

        Args:
            outputs: Outputs of a branch's modules by index, those that the head takes among them.
            one_to_one: The head's one-to-one stacks, where it has them, instead of the one-to-many stacks.
        """
        model = self.original.model
        features = [outputs[index] for index in heads.head_inputs(model)]
        with self._precision.autocast():
            return heads.run_head(self.original.modules[-1], features, one_to_one=one_to_one)

    def _all(self) -> Mapping[int, Tensor]:
        if self._outputs is None:
            with self._watch.timing(SHARED):
                self._outputs = self._run()
        return self._outputs

    def _run(self) -> dict[int, Tensor]:
        outputs = dict(self._trunk)
        with torch.no_grad(), self._precision.autocast():
            modules = self.original.modules[self._depth : -1]
            yolo.run_modules(modules, outputs, outputs[self._depth - 1], self._keep)
        return outputs


@dataclass(frozen=True)
class SharedBatch:
    """One batch and what all branches make use of.

    Attributes:
        epoch, number: The epoch, and which of its batches this is, both counted from 0.
        batch: Ultralytics' prepared batch.
        trunk: Outputs of the frozen trunk by module index; -1 holds the images.
        original: What the original makes of it.
    """

    epoch: int
    number: int
    batch: Mapping[str, Any]
    trunk: Mapping[int, Tensor]
    original: OriginalOutputs


@dataclass(frozen=True)
class StepContext:
    """One batch on its way through one branch.

    Attributes:
        epoch: The epoch, counted from 1.
        batch: Ultralytics' prepared batch: `img` (B, 3, h, w) in [0, 1], and of the n objects in it `batch_idx` (n,),
            `cls` (n, 1) and `bboxes` (n, 4) as xywh, shares of the image's sides.
        outputs: By module index: the frozen trunk's below the branch's freeze point, the branch's own from there on.
            Those that other modules or the head take are there, and those that the strategy names in `modules`.
        predictions: What the task head gives, in the form that Ultralytics' losses take.
        original: What the original makes of the batch.
    """

    epoch: int
    batch: Mapping[str, Any]
    outputs: Mapping[int, Tensor]
    predictions: Any
    original: OriginalOutputs
    _detection_loss: Callable[[StepContext], Tensor]

    @property
    def images(self) -> Tensor:
        """The images, (B, 3, h, w) float32 in [0, 1]."""
        images: Tensor = self.batch["img"]
        return images

    def detection_loss(self) -> Tensor:
        """Return the detection loss of the batch's labels, mean per image.

        Where the labels are of the original's classes it is that of the original's head on the branch's features, else
        the task head's.
        """
        return self._detection_loss(self)

    def task_head(self, *, one_to_one: bool = False) -> HeadOutputs:
        """Return the raw outputs of the branch's task head."""
        return heads.head_outputs(self.predictions, one_to_one=one_to_one)

    def original_head(self, *, one_to_one: bool = False) -> HeadOutputs:
        """Return the raw outputs of the original's head on the branch's features; gradients reach the branch."""
        return self.original.head_on(self.outputs, one_to_one=one_to_one)
