"""The frozen trunk that all branches of a session share: one forward per batch, and proof that it does not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from forgetbench.device import Precision
from forgetbench.model import heads, yolo
from forgetbench.model.branch import FrozenGuard, trunk_tensors
from forgetbench.model.original import Original
from forgetbench.train.context import OriginalOutputs, SharedBatch
from forgetbench.train.recipe import Recipe
from forgetbench.train.stopwatch import Stopwatch


class FrozenTrunk:
    """The original's modules below the deepest freeze point of a session's branches."""

    def __init__(self, original: Original, recipes: Iterable[Recipe], precision: Precision, watch: Stopwatch) -> None:
        """Work out how deep it has to run and whose outputs are needed, and hash its tensors."""
        self._original, self._precision, self._watch = original, precision, watch
        recipes = list(recipes)
        self._depth = max(recipe.freeze_point for recipe in recipes)
        asked = frozenset[int]().union(*(outputs_kept(original.model, recipe) for recipe in recipes))
        self._needed = asked | {recipe.freeze_point - 1 for recipe in recipes}
        self._asked = asked | set(heads.head_inputs(original.model))
        self._guard = FrozenGuard(trunk_tensors(original, self._depth))

    def share(self, batch: Mapping[str, Any], epoch: int, number: int) -> SharedBatch:
        """Run the trunk on one prepared batch, the `number`-th of an epoch, both counted from 0."""
        outputs: dict[int, Tensor] = {-1: batch["img"]}
        with torch.no_grad(), self._precision.autocast():
            yolo.run_modules(self._original.modules[: self._depth], outputs, batch["img"], self._needed)
        original = OriginalOutputs(self._original, outputs, self._depth, self._asked, self._precision, self._watch)
        return SharedBatch(epoch, number, batch, outputs, original)

    def check(self) -> None:
        """Check that the trunk did not change since the start.

        Raises:
            FrozenChangedError: it changed.
        """
        self._guard.check()


def outputs_kept(model: yolo.Yolo, recipe: Recipe) -> frozenset[int]:
    """Return the modules whose outputs a branch keeps: what others take, and what its strategies look at."""
    looked_at = recipe.modules | set(heads.head_inputs(model)) if recipe.has_losses else frozenset()
    return yolo.saved_indices(model) | looked_at
