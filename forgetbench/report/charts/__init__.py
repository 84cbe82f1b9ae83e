"""The charts of a report, by what they show. A new kind is a file with `charts(view)` and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from forgetbench.report.charts import costs, drift, forgotten, fronts, kept, operating, scores
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView

#: Gives the charts of one model, in the order in which they are drawn. `maps.py` needs the model and is drawn apart.
CHARTS: dict[str, Callable[[ModelView], Iterable[Chart]]] = {
    "scores": scores.charts,
    "costs": costs.charts,
    "classes you keep": kept.charts,
    "gain against forgetting": fronts.charts,
    "rank and score": operating.charts,
    "what was forgotten": forgotten.charts,
    "where it was forgotten": drift.charts,
}
