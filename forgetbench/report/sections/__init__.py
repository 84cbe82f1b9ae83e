"""The sections of a report. A new one is a file with `section(view)` and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from forgetbench.report.blocks import Block
from forgetbench.report.model_view import ModelView
from forgetbench.report.sections import (
    best_epochs,
    claims,
    costs,
    drift,
    forgotten,
    fronts,
    kept,
    maps,
    opening,
    operating,
    price,
    scores,
    settings,
)
from forgetbench.report.view import RunView

OfRun = Callable[[RunView], Iterable[Block]]
OfModel = Callable[[ModelView], Iterable[Block]]

#: The summary: what is said of the run first, of each model, and of the run last; in this order.
FIRST: dict[str, OfRun] = {"name and description": opening.section}
OF_MODEL: dict[str, OfModel] = {
    "scores": scores.section,
    "classes you keep": kept.section,
    "best epochs": best_epochs.section,
    "costs": costs.section,
    "price": price.section,
    "gain against forgetting": fronts.section,
    "rank and score": operating.section,
    "what was forgotten": forgotten.section,
    "where it was forgotten": drift.section,
    "activation maps": maps.section,
}
LAST: dict[str, OfRun] = {"claims": claims.section, "settings and data": settings.section}
