"""Unfreezing during training, from the head downwards (Howard and Ruder 2018, gradual unfreezing)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from forgetbench.errors import SuiteError
from forgetbench.suite.bounds import MOST_EPOCHS, MOST_FREEZE_POINTS
from forgetbench.suite.kinds import FreezePoint
from forgetbench.suite.points import FREEZE_WORDS, resolve_freeze_point
from forgetbench.train.strategies.base import Strategy

if TYPE_CHECKING:
    from forgetbench.model.parts import Parts


class Unfreeze(Strategy):
    """From each epoch named on, the freeze point is another: `{4: 15, 7: none}`; before, it is the arm's own."""

    name = "unfreeze"
    options = Annotated[
        dict[Annotated[int, Field(ge=2, le=MOST_EPOCHS, strict=False)], FreezePoint],
        Field(min_length=1, max_length=MOST_FREEZE_POINTS),
    ]
    expected = f"a mapping from epochs, the first being 1, to freeze points from then on; each {FREEZE_WORDS}"

    def __init__(self, options: Any, parts: Parts, where: str) -> None:
        super().__init__(options, parts, where)
        self._points = {
            epoch: resolve_freeze_point(options[epoch], head=parts.head, neck=parts.neck, where=where)
            for epoch in sorted(options)
        }

    def check(self, epochs: int) -> None:
        """Refuse epochs after the end of training: the arm would not do what its name says."""
        late = [epoch for epoch in self._points if epoch > epochs]
        if late:
            raise SuiteError(
                f"epoch {late[0]} never comes", where=self.where, expected=f"an epoch up to {epochs} (train.epochs)"
            )

    def freeze_point(self, epoch: int, start: int) -> int:
        """Return the last freeze point that was due."""
        due = [point for since, point in self._points.items() if since <= epoch]
        return due[-1] if due else start
