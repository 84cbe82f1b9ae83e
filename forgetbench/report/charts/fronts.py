"""The chart of fronts: for each freeze point the least forgetting at which a gain was reached, over all settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from forgetbench.analyse.curves import curves
from forgetbench.analyse.tradeoff import Point, Treatment
from forgetbench.record.rows.differences import EqualGainRow, FrontRow
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView
from forgetbench.report.style import Look, error_lengths, method_looks

_PANEL = (4.8, 4.4)


def charts(view: ModelView) -> Iterator[Chart]:
    """Yield the fronts of a model, where something was forgotten."""
    if view.equal_gain:
        title = f"Forgetting at equal gain: {view.subject}"
        yield Chart(
            f"front-{view.name}",
            lambda: draw_fronts(view.points, view.fronts, view.equal_gain, view.looks, view.methods, title),
        )


def draw_fronts(
    points: Sequence[Point],
    fronts: Sequence[FrontRow],
    equal: Sequence[EqualGainRow],
    looks: Mapping[Treatment, Look],
    names: Mapping[Treatment, str],
    title: str,
) -> Figure:
    """Draw every checkpoint faintly and each method's front over them; a panel per head and attach point.

    Args:
        points: Checkpoints of one model.
        fronts: Points of the fronts.
        equal: Forgetting at equal gain, whose intervals are drawn across the fronts.
        looks: Look of each treatment.
        names: What each method is called.
        title: Heading of the chart.
    """
    panels = list(dict.fromkeys((row.head, row.attach) for row in equal))
    several_heads = len({head for head, _ in panels}) > 1
    figure = Figure(figsize=(_PANEL[0] * len(panels) + 2.2, _PANEL[1]), layout="constrained")
    figure.suptitle(title)
    measured = {point.treatment for point in points}  # of an arm that ended early there may be no checkpoint
    looks = {treatment: look for treatment, look in looks.items() if treatment in measured}
    by_name = {names[method]: look for method, look in method_looks(looks, names).items()}
    for axis, (head, attach) in zip(
        figure.subplots(1, len(panels), squeeze=False, sharey=True)[0], panels, strict=True
    ):
        axis.axvline(0, color="#888888", linewidth=1)
        axis.axhline(0, color="#888888", linewidth=1)
        _checkpoints(axis, [point for point in points if (point.head, point.attach) == (head, attach)], looks)
        lowest = min(row.at_gain for row in equal if (row.head, row.attach) == (head, attach))
        for name, look in by_name.items():
            mine = [row for row in fronts if (row.head, row.attach, row.method) == (head, attach, name)]
            x, y = [100 * row.forgetting for row in mine], [100 * row.gain for row in mine]
            axis.plot(x, y, color=look.colour, linewidth=2.2, solid_capstyle="round")
            if mine and mine[0].gain > lowest:  # a smaller gain is had for no less
                axis.plot([x[0]] * 2, [y[0], 100 * lowest], color=look.colour, linewidth=1.2, linestyle=":")
        most = 100 * max(row.at_gain for row in equal)
        if 0 < most < inf:
            axis.set_ylim(-0.3 * most, 1.25 * most)  # paths begin far below, where nothing is gained yet
        _intervals(axis, [row for row in equal if (row.head, row.attach) == (head, attach)], by_name)
        axis.set_title(f"attach = {attach}" + (f", {head}" if several_heads else ""))
        axis.set_xlabel("forgetting: reference AP lost (points)")
    figure.axes[0].set_ylabel("specialisation gain: target AP\nover the reference arm (points)")
    _legend(figure, by_name, looks)
    return figure


def _checkpoints(axis: Axes, points: Sequence[Point], looks: Mapping[Treatment, Look]) -> None:
    for lost, gained in zip(curves(points, lambda p: p.forgetting), curves(points, lambda p: p.gain), strict=True):
        at = [epoch for epoch in lost.epochs if epoch in gained.epochs]
        look = looks[lost.treatment]
        axis.plot(
            [100 * lost.values[lost.epochs.index(epoch)] for epoch in at],
            [100 * gained.values[gained.epochs.index(epoch)] for epoch in at],
            color=look.colour, marker=look.marker, markersize=4, linestyle="none", alpha=0.45,
        )  # fmt: skip


def _intervals(axis: Axes, rows: Sequence[EqualGainRow], looks: Mapping[str, Look]) -> None:
    names, step = list(looks), min(row.at_gain for row in rows)
    for row in rows:
        if row.against == ORIGINAL and row.value and row.low is not None and row.high is not None:
            centre, look = 100 * row.value, looks[row.treatment]
            apart = 0.09 * step * (names.index(row.treatment) - len(names) / 2)  # so that bars do not cover each other
            spans = [[length] for length in error_lengths(centre, (100 * row.low, 100 * row.high))]
            axis.errorbar(
                [centre], [100 * (row.at_gain + apart)], xerr=spans, color=look.colour, capsize=2.5, elinewidth=0.9,
                linestyle="none",
            )  # fmt: skip


def _legend(figure: Figure, methods: Mapping[str, Look], looks: Mapping[Treatment, Look]) -> None:
    settings = {treatment.setting: look.marker for treatment, look in looks.items() if treatment.setting}
    lines = [Line2D([], [], color=look.colour, linewidth=2.2, label=name) for name, look in methods.items()]
    marks = [
        Line2D([], [], color="#555555", marker=marker, linestyle="none", markersize=4, label=setting)
        for setting, marker in settings.items()
    ]
    over = "epochs and settings" if settings else "epochs"
    figure.legend(
        handles=[*lines, *marks],
        title=f"fronts over {over}\n(dotted: less gain costs\nno less; bars: 95 %)",
        loc="outside right center",
        alignment="left",
    )
