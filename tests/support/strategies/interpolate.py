"""The end is a point on the line between the original and what was trained (Wortsman et al. 2022, WiSE-FT)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from torch import Tensor


class Interpolate(Strategy):
    """The trunk ends at `value` of the way from the original to what was trained."""

    name = "interpolate"
    needs_pretrained = True
    options = Annotated[float, Field(ge=0, le=1)]
    expected = "a share from 0 to 1"

    def finish(self, weights: Mapping[str, Tensor], original: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the trunk's weights and statistics, interpolated."""
        trunk = [name for name in weights if self.parts[name].region != "head"]
        return {name: original[name] + self.value * (weights[name] - original[name]) for name in trunk}
