"""The chart of detectors in rank and in score. Fractions are shown in points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forgetbench.analyse.operating import SHOWN, Standing, Standings
from forgetbench.analyse.uncertainty import Interval
from forgetbench.report.charts.rows import Marker, add_legend, begin_at_zero, draw_markers, name_rows, row_height
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView
from forgetbench.report.style import Look
from forgetbench.report.words import operating_names, told_apart
from forgetbench.suite.data_section import Role

_TITLES: dict[Role, str] = {"reference": "reference, attach = head", "target": "target"}


def charts(view: ModelView) -> Iterator[Chart]:
    """Yield a chart for each head whose networks were compared at operating points."""
    for head, of_head, suffix in told_apart(row.head for row in view.operating):
        if panels := {role: panel for role, panel in view.standings[head].items() if panel.compared}:
            title = f"In rank and in score: {view.subject}{of_head}"
            names = operating_names(view.best_threshold(head))
            draw = partial(draw_operating, panels, names, view.looks_by_label, view.called, title)
            yield Chart(f"operating-{view.name}{suffix}", draw)


def draw_operating(
    panels: Mapping[Role, Standings],
    names: Sequence[str],
    looks: Mapping[str, Look],
    heading: str,
    title: str,
) -> Figure:
    """Draw every measure of the baseline as a bar and of each treatment as a marker; a panel per role.

    A marker's interval is that of its difference from the baseline, so a marker whose interval ends short of the bar
    differs from the baseline.

    Args:
        panels: What `standings` gives, by role.
        names: What the rows are called, in the order of `SHOWN`.
        looks: Look of each treatment by its label.
        heading: What the legend of treatments is called.
        title: Heading of the chart.
    """
    shown = [label for label in looks if any(label in panel.compared for panel in panels.values())]
    figure = Figure(figsize=(4.4 * len(panels) + 3.2, 1.6 + row_height(shown) * len(SHOWN)), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axis, (role, panel) in zip(axes, panels.items(), strict=True):
        _panel(axis, panel, shown, looks)
        axis.set_title(_TITLES[role])
        axis.set_xlabel("points" if panel.baseline is None else f"points; grey: {panel.baseline}")
        name_rows(axis, names)
    add_legend(figure, heading)
    return figure


def _panel(axis: Axes, panel: Standings, shown: Sequence[str], looks: Mapping[str, Look]) -> None:
    before = [panel.before.get(measure) for measure in SHOWN]
    axis.barh(range(len(SHOWN)), [100 * (value or 0.0) for value in before], color="#D0D0D0", height=0.84)
    for index, label in enumerate(shown):
        mine = [row for row in panel.rows if row.label == label and label != panel.baseline]
        markers: list[Marker] = [
            (place, row.value, _span(row, value))
            for place, (row, value) in enumerate(zip(mine, before, strict=False))
            if row.value is not None
        ]
        draw_markers(axis, markers, looks[label], index, len(shown))
    begin_at_zero(axis, 102.0)  # with two seeds, intervals may be wider than anything measured can be


def _span(one: Standing, before: float | None) -> Interval | None:
    """Return the interval of a difference as one of what came after, the baseline being what it is."""
    if one.change is None or one.change.low is None or one.change.high is None or before is None:
        return None
    if one.change.quantity == "gain":
        return before + one.change.low, before + one.change.high
    return before - one.change.high, before - one.change.low
