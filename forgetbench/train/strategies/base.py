"""What a strategy may decide about the training of an arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:  # a suite's strategies are checked without PyTorch
    from torch import Tensor, nn

    from forgetbench.model.parts import Part, Parts


class Strategy:
    """One way of training an arm: which parts change and when, at which rates, and what else is minimised.

    A strategy is made for one arm of one model. Several of an arm are taken together: a part trains if all of them let
    it, rates multiply, penalties add up. What a subclass does not decide, it leaves as it is.

    Attributes:
        name: How a suite calls it.
        options: The type of its value in a suite, as pydantic takes types.
        expected: What errors say its value should be.
    """

    name: ClassVar[str]
    options: ClassVar[Any]
    expected: ClassVar[str]

    #: Whether it makes no sense for a branch that starts from random weights.
    needs_pretrained: ClassVar[bool] = False

    def __init__(self, options: Any, parts: Parts, where: str) -> None:
        """Resolve options, already checked against `options`, for one model.

        Raises:
            SuiteError: they do not fit this model; `where` names their place in the suite.
        """
        self.value, self.parts, self.where = options, parts, where

    def freeze_point(self, epoch: int, start: int) -> int:
        """Return the first trainable module in an epoch, counted from 1; `start` is the arm's own freeze point."""
        del epoch
        return start

    def check(self, epochs: int) -> None:
        """Refuse what does not fit a training of so many epochs.

        Raises:
            SuiteError: it does not.
        """
        del epochs

    def trains(self, part: Part) -> bool:
        """Tell whether a part above the freeze point may change."""
        del part
        return True

    def rate(self, part: Part) -> float:
        """Return the factor on the learning rate of a part."""
        del part
        return 1.0

    def begin(self, weights: Mapping[str, nn.Parameter]) -> None:
        """See the branch's parameters by name before the first step."""

    def penalty(self, weights: Mapping[str, nn.Parameter]) -> Tensor | None:
        """Return what is added to the loss of one batch of mean loss per image, None for nothing."""
        del weights
        return None
