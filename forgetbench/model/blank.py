"""Untrained branches: plans and tables count their parameters, and checkpoints are loaded into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from forgetbench.model.branch import grow_branch
from forgetbench.model.layers import count_flops
from forgetbench.model.original import Original
from forgetbench.model.parts import Parts

#: A state to resume from is at most as many times the size of a checkpoint: float32 instead of float16, and besides the
#: weights their average, their gradients and two moments of the optimizer.
STATE_CHECKPOINTS = 10


class Blank:
    """A branch with arbitrary values: the shapes that a model's arms train, the task head at its real width.

    Attributes:
        modules: All modules of the branch, its own.
        parts: What they are made of.
    """

    def __init__(self, original: Original, classes: int, *, pretrained: bool) -> None:
        """Grow the branch.

        Args:
            original: What it grows off.
            classes: Number of target classes.
            pretrained: Whether it starts from the original's weights. Its class stacks are then as wide as the
                original's, else as wide as the target's number of classes asks for.
        """
        names = [str(index) for index in range(classes)]
        branch = grow_branch(original, 0, names, seed=0, cls_remap=False, pretrained=pretrained)
        self.modules: nn.ModuleList = branch.owned
        self.parts = Parts(original, branch.owned)
        self._model = branch.model
        self._flops: dict[int, list[int]] = {}

    def flops(self, imgsz: int) -> list[int]:
        """Return floating point operations per module for one imgsz x imgsz image (`count_flops`)."""
        if imgsz not in self._flops:
            self._flops[imgsz] = count_flops(self._model, imgsz)
        return self._flops[imgsz]

    def checkpoint_bytes(self, freeze_point: int) -> int:
        """Return the bytes of what a branch owns from a freeze point on, as a checkpoint stores it."""
        tensors = self.modules[freeze_point:].state_dict().values()
        return sum(tensor.numel() * (2 if tensor.is_floating_point() else tensor.element_size()) for tensor in tensors)


class Blanks:
    """The blanks of a suite's models, each made when first asked for and then kept."""

    def __init__(self, originals: Mapping[str, Original], classes: int | None) -> None:
        """Name what blanks are made of.

        Args:
            originals: Models by name.
            classes: Number of target classes; None, where it is not known yet, takes each original's own.
        """
        self._originals, self._classes = originals, classes
        self._made: dict[tuple[str, bool], Blank] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for a copy, without blanks: a copy makes its own when asked."""
        return {**vars(self), "_made": {}}

    def of(self, model: str, *, pretrained: bool) -> Blank:
        """Return the blank of a model's branches that start from its weights, or from random ones."""
        key = model, pretrained
        if key not in self._made:
            original = self._originals[model]
            classes = len(original.classes) if self._classes is None else self._classes
            self._made[key] = Blank(original, classes, pretrained=pretrained)
        return self._made[key]
