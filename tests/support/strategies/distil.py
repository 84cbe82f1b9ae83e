"""The branch's trunk is asked to give the original's head what the original's trunk gives it, on the same images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from torch import Tensor

    from forgetbench.train.context import StepContext


class OldHead(Strategy):
    """Adds `value` times the mean squared difference of the original head's class scores, branch against original."""

    name = "old-head"
    needs_pretrained = True
    options = Annotated[float, Field(gt=0, allow_inf_nan=False)]
    expected = "a factor above 0"

    def loss(self, context: StepContext) -> Tensor | None:
        """Return the difference."""
        student, teacher = context.original_head(), context.original.head()
        return float(self.value) * (student.scores - teacher.scores).square().mean()
