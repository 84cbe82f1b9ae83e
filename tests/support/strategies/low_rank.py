"""Convolutions of the trunk move within a low rank (Hu et al. 2021, LoRA)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from torch import nn


class LowRank(Strategy):
    """Every kernel of the trunk larger than 1 x 1 is where it started plus a product of rank `value`."""

    name = "low-rank"
    options = Annotated[int, Field(ge=1)]
    expected = "a rank"

    def reparametrise(self, weights: Mapping[str, nn.Parameter]) -> Mapping[str, nn.Module]:
        """Return the kernels."""
        import torch
        from torch import Tensor, nn

        class Kernel(nn.Module):
            def __init__(self, start: Tensor, rank: int) -> None:
                super().__init__()
                rows, columns = start.shape[0], start[0].numel()
                self.start = start.detach().clone()  # a plain attribute: it never changes
                self.a = nn.Parameter(torch.randn(rank, columns).to(start.device) / columns**0.5)
                self.b = nn.Parameter(torch.zeros(rows, rank, device=start.device))

            def forward(self) -> Tensor:
                return self.start + (self.b @ self.a).reshape(self.start.shape)

        chosen = {
            name: weight
            for name, weight in weights.items()
            if self.parts[name].region != "head" and weight.dim() == 4 and weight.shape[-1] > 1
        }
        return {name: Kernel(weight, self.value) for name, weight in chosen.items()}
