"""When a branch has diverged: what it trained is no longer finite, does not fit into a checkpoint, or cannot move."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn


def all_finite(module: nn.Module) -> bool:
    """Tell whether every floating point value of a module is finite."""
    return _all(torch.isfinite(v).all() for v in module.state_dict().values() if v.is_floating_point())


def all_storable(module: nn.Module) -> bool:
    """Tell whether every floating point value of a module is finite as checkpoints hold it, in float16."""
    return _all(torch.isfinite(v.half()).all() for v in module.state_dict().values() if v.is_floating_point())


def is_stuck(due: int, skipped: int, losses: Sequence[float], scale: float) -> bool:
    """Tell whether an epoch shows that a branch cannot take a step any more.

    In mixed precision the first steps are left out until the scale of the loss is low enough, which says nothing of
    the branch: its losses are finite.

    Args:
        due: Steps that were due in the epoch.
        skipped: Those of them that were left out, since the gradient was not finite.
        losses: Of the epoch's batches, unscaled.
        scale: What the loss is multiplied by after the epoch; 1 without mixed precision.
    """
    return 0 < due == skipped and (scale <= 1 or not any(map(math.isfinite, losses)))


def _all(checks: Iterable[Tensor]) -> bool:
    """Return whether all scalars are true, waiting for a GPU once."""
    found = list(checks)
    return not found or bool(torch.stack(found).all())
