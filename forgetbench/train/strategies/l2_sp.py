"""Staying near the original's weights (Li et al. 2018, L2-SP)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from torch import Tensor, nn


class L2SP(Strategy):
    """Adds `value`/2 times the squared distance of the trunk's trainable weights from where they started."""

    name = "l2-sp"
    needs_pretrained = True
    options = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
    expected = "a factor above 0"

    def begin(self, weights: Mapping[str, nn.Parameter]) -> None:
        """Keep the starting point."""
        self._start = {
            name: weight.detach().clone() for name, weight in weights.items() if self.parts[name].region != "head"
        }

    def penalty(self, weights: Mapping[str, nn.Parameter]) -> Tensor | None:
        """Return the penalty; the task head has no original to stay near."""
        import torch

        moved = [
            torch.sum((weight - self._start[name]) ** 2)
            for name, weight in weights.items()
            if name in self._start and weight.requires_grad
        ]
        return 0.5 * float(self.value) * torch.stack(moved).sum() if moved else None
