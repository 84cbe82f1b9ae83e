"""Learning rates that fall with depth (Howard and Ruder 2018, discriminative fine-tuning)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from forgetbench.model.parts import Part, Parts


class Layerwise(Strategy):
    """The head trains at the arm's rate, every module with parameters below it at `value` times that of the next."""

    name = "layerwise"
    options = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    expected = "a factor above 0 and at most 1"

    def __init__(self, options: Any, parts: Parts, where: str) -> None:
        super().__init__(options, parts, where)
        holding = sorted({part.module for part in parts}, reverse=True)
        self._factors = {module: float(options) ** depth for depth, module in enumerate(holding)}

    def rate(self, part: Part) -> float:
        """Return the factor of the part's module."""
        return self._factors[part.module]
