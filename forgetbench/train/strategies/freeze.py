"""Freezing some parts above the freeze point as well."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from forgetbench.model.parts import SELECTORS, Part, Parts, Selector
from forgetbench.train.strategies.base import Strategy


class Freeze(Strategy):
    """The parts chosen stay as they are, e.g. `batchnorm-statistics`."""

    name = "freeze"
    options = Annotated[list[Selector], Field(min_length=1)]
    expected = f"a list, each {SELECTORS}"

    def __init__(self, options: Any, parts: Parts, where: str) -> None:
        super().__init__(options, parts, where)
        self._chosen = parts.select(options, where)

    def trains(self, part: Part) -> bool:
        """Tell whether a part was left alone."""
        return part.name not in self._chosen
