"""Features of one module stay near the original's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from torch import Tensor

    from forgetbench.train.context import StepContext


class Features(Strategy):
    """Adds the mean squared difference of a module's output from the original's."""

    name = "features"
    options = int
    expected = "a module index"

    def modules(self) -> frozenset[int]:
        """Return the module."""
        return frozenset({self.value})

    def loss(self, context: StepContext) -> Tensor | None:
        """Return the difference."""
        return (context.outputs[self.value] - context.original.output(self.value)).square().mean()
