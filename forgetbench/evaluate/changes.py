"""How far a module's own tensors have moved from the original's: what drifts in weights, not in features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from forgetbench.model import yolo
from forgetbench.model.parts import statistics_of


@dataclass(frozen=True)
class WeightChange:
    """Euclidean norm of the difference over that of the original's tensors; None where a module has none of a kind.

    Attributes:
        weights: Of all parameters, BatchNorm's weight and bias among them.
        means, variances: Of BatchNorm's running statistics, apart since their units differ.
    """

    weights: float | None
    means: float | None
    variances: float | None


def relative_change(before: nn.Module, after: nn.Module) -> WeightChange:
    """Return how far a module moved from the original's; tensors that only one of them has are left out."""
    old, new = statistics_of(before), statistics_of(after)
    return WeightChange(
        weights=_relative(_parameters(before), _parameters(after)),
        means=_relative(_named(old, "running_mean"), _named(new, "running_mean")),
        variances=_relative(_named(old, "running_var"), _named(new, "running_var")),
    )


def _parameters(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in module.named_parameters() if not yolo.is_constant(name)}


def _named(tensors: Mapping[str, Tensor], ending: str) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tensors.items() if name.endswith(ending)}


def _relative(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> float | None:
    shared = [name for name in before if name in after and before[name].shape == after[name].shape]
    size = math.hypot(*(_norm(before[name]) for name in shared))
    moved = math.hypot(*(_norm(_exactly(after[name]) - _exactly(before[name])) for name in shared))
    return moved / size if size > 0 and math.isfinite(moved) else None


def _norm(tensor: Tensor) -> float:
    # in one order of elements: a sum's last digits depend on the order, which is another in channels_last layout
    return float(torch.linalg.vector_norm(_exactly(tensor).contiguous()))


def _exactly(tensor: Tensor) -> Tensor:
    """Return a tensor as float64 on the host; training leaves the original on its device, where checkpoints are not."""
    return tensor.detach().cpu().double()
