"""The chart of the classes that the user keeps: what was forgotten of them and of all. AP is shown in points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from matplotlib.figure import Figure

from forgetbench.analyse.kept import KeptLoss
from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.report.charts.rows import Marker, add_legend, draw_markers, name_rows, row_height
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView
from forgetbench.report.style import Look
from forgetbench.report.words import told_apart

#: What the names of these charts begin with.
PREFIX = "kept-"
ROWS = ("all classes", "those kept")


def charts(view: ModelView) -> Iterator[Chart]:
    """Yield a chart for each head; none where the run keeps no classes."""
    for head, of_head, suffix in told_apart(loss.kept.head for loss in view.kept):
        losses = [loss for loss in view.kept if loss.kept.head == head]
        title = f"The classes you keep: {view.subject}{of_head}"
        draw = partial(draw_kept, losses, view.looks_by_label, view.called, title)
        yield Chart(f"{PREFIX}{view.name}{suffix}", draw)


def draw_kept(losses: Sequence[KeptLoss], looks: Mapping[str, Look], heading: str, title: str) -> Figure:
    """Draw forgetting of all classes above that of those kept, a marker per treatment; a panel per attach point.

    Args:
        losses: Of one model and head.
        looks: Look of each treatment by its label.
        heading: What the legend of treatments is called.
        title: Heading of the chart.
    """
    attaches = list(dict.fromkeys(loss.kept.attach for loss in losses))
    shown = [label for label in looks if any(loss.kept.treatment == label for loss in losses)]
    height = 1.9 + row_height(shown) * len(ROWS)
    figure = Figure(figsize=(4.4 * len(attaches) + 2.6, height), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(1, len(attaches), squeeze=False, sharex=True, sharey=True)[0]
    for axis, attach in zip(axes, attaches, strict=True):
        mine = {loss.kept.treatment: loss for loss in losses if loss.kept.attach == attach}
        for index, label in enumerate(shown):
            loss = mine.get(label)
            rows = (loss.whole, loss.kept) if loss else ()
            draw_markers(axis, list(_markers(rows)), looks[label], index, len(shown))
        axis.axvline(0, color="#888888", linewidth=1)
        axis.set_title(f"attach = {attach}")
        axis.set_xlabel("forgetting: reference AP lost (points)")
        name_rows(axis, ROWS)
    add_legend(figure, heading)
    return figure


def _markers(rows: Sequence[EvidenceRow | None]) -> Iterator[Marker]:
    for place, row in enumerate(rows):
        if row is not None and row.value is not None:
            yield place, row.value, None if row.low is None or row.high is None else (row.low, row.high)
