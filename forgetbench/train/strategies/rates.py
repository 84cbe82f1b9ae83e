"""Learning rates by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from forgetbench.errors import SuiteError
from forgetbench.suite.bounds import MOST_NAMED
from forgetbench.suite.selectors import SELECTORS
from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from forgetbench.model.parts import Part, Parts


class Rates(Strategy):
    """Parts chosen train at a multiple of the arm's rate, e.g. `{backbone: 0.1, box: 0.5}`."""

    name = "rates"
    options = Annotated[
        dict[int | str, Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]],
        Field(min_length=1, max_length=MOST_NAMED),
    ]
    expected = f"a mapping to factors above 0, from {SELECTORS}"

    def __init__(self, options: Any, parts: Parts, where: str) -> None:
        super().__init__(options, parts, where)
        self._factors: dict[str, float] = {}
        for selector, factor in options.items():
            for name in parts.select([selector], where):
                if self._factors.setdefault(name, float(factor)) != factor:
                    raise SuiteError(
                        f"'{selector}' gives {name} another factor than an entry before it",
                        where=where,
                        expected="parts that do not overlap",
                    )

    def rate(self, part: Part) -> float:
        """Return the part's factor, 1 where none was given."""
        return self._factors.get(part.name, 1.0)
