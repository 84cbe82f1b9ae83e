"""Training some parts alone, or freezing some above the freeze point as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from forgetbench.suite.bounds import MOST_NAMED
from forgetbench.suite.selectors import SELECTORS, Selector
from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from forgetbench.model.parts import Part, Parts


class _Chosen(Strategy):
    options = Annotated[list[Selector], Field(min_length=1, max_length=MOST_NAMED)]
    expected = f"a list, each {SELECTORS}"

    def __init__(self, options: Any, parts: Parts, where: str) -> None:
        super().__init__(options, parts, where)
        self._chosen = parts.select(options, where)


class Only(_Chosen):
    """Only the parts chosen train; everything else above the freeze point stays as it is."""

    name = "only"

    def trains(self, part: Part) -> bool:
        """Tell whether a part was chosen."""
        return part.name in self._chosen


class Freeze(_Chosen):
    """The parts chosen stay as they are, e.g. `batchnorm-statistics`."""

    name = "freeze"

    def trains(self, part: Part) -> bool:
        """Tell whether a part was left alone."""
        return part.name not in self._chosen
