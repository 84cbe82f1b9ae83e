"""The charts of scores: gain against forgetting, and AP over epochs. AP is shown in points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from forgetbench.analyse.curves import Curve, curves
from forgetbench.analyse.price import Priced
from forgetbench.analyse.tradeoff import Point, Treatment
from forgetbench.analyse.uncertainty import Interval
from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.report.charts.price import Lost, draw_price, moves
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView
from forgetbench.report.style import Look, error_lengths, heading

_PANEL = (4.3, 3.9)
#: Intervals of forgetting and gain of a treatment's last checkpoints, fractions; None is not known.
Bars = Callable[[str, str | None, Treatment], tuple[Interval | None, Interval | None]]


@dataclass(frozen=True)
class Price:
    """What a model's combined detectors cost, by head, and what tells what they forget."""

    of: Mapping[str, Sequence[Priced]]
    lost: Lost


def charts(view: ModelView) -> Iterator[Chart]:
    """Yield gain against forgetting where gain was measured, and AP over epochs."""

    def bars(head: str, attach: str | None, treatment: Treatment) -> tuple[Interval | None, Interval | None]:
        return _interval(view.lost(head, attach, treatment)), _interval(view.gained(head, treatment))

    def tradeoff() -> Figure:
        title = f"Gain against forgetting: {view.subject}"
        if not any(map(moves, view.prices.values())):
            return draw_tradeoff(view.points, bars, view.looks, title)
        shown = without_null_controls(view.points)
        return draw_tradeoff(shown, bars, view.looks, title, Price(view.prices, view.lost))

    if any(point.gain is not None for point in view.points):
        yield Chart(f"gain-forgetting-{view.name}", tradeoff)
    if view.points:
        about = f"AP over epochs: {view.subject}"
        yield Chart(f"ap-epochs-{view.name}", lambda: draw_curves(view.points, view.original, view.looks, about))


def _interval(row: EvidenceRow | None) -> Interval | None:
    return None if row is None or row.low is None or row.high is None else (row.low, row.high)


def without_null_controls(points: Sequence[Point]) -> list[Point]:
    """Return points without attach points under which nothing at all was forgotten, unless there are no others."""
    told = {point.attach for point in points if point.forgetting}
    return [point for point in points if point.attach in told] or list(points)


def draw_tradeoff(
    points: Sequence[Point], bars: Bars, looks: Mapping[Treatment, Look], title: str, price: Price | None = None
) -> Figure:
    """Draw gain against forgetting: a panel per attach point (columns) and head (rows), a path per treatment.

    Args:
        points: Checkpoints of one model.
        bars: Gives the intervals of a treatment, by head and attach point.
        looks: Look of each treatment.
        title: Heading of the chart.
        price: What last checkpoints forget and cost; it has a column of its own.
    """
    heads, attaches = _distinct(points)
    figure, axes = _grid(len(heads), len(attaches) + (price is not None), title)
    for head, row in zip(heads, axes, strict=True):
        for attach, axis in zip(attaches, row, strict=False):
            axis.sharex(axes[0][0])
            axis.sharey(axes[0][0])
            shown = [point for point in points if (point.head, point.attach) == (head, attach)]
            axis.axvline(0, color="#888888", linewidth=1)
            axis.axhline(0, color="#888888", linewidth=1)
            for lost, gained in zip(
                curves(shown, lambda p: p.forgetting), curves(shown, lambda p: p.gain), strict=True
            ):
                _path(axis, lost, gained, bars(head, attach, lost.treatment), looks[lost.treatment])
            axis.set_title(f"attach = {attach}" + (f", {head}" if len(heads) > 1 else ""))
            axis.set_xlabel("forgetting: reference AP lost (points)")
        row[0].set_ylabel("specialisation gain: target AP\nover the reference arm (points)")
        if price is not None:
            draw_price(row[-1], head, price.of[head], price.lost, looks)
            row[-1].set_title("the price of remembering" + (f", {head}" if len(heads) > 1 else ""))
    _legend(figure, axes[0][0], f"{heading(looks)}\n(small: each epoch,\nlarge: last;\nbars: 95 %)")
    return figure


def draw_curves(
    points: Sequence[Point], original: Mapping[str, float | None], looks: Mapping[Treatment, Look], title: str
) -> Figure:
    """Draw AP over epochs: the target in the first column, the reference under each attach point in the others.

    Args:
        points: Checkpoints of one model.
        original: The original's reference AP by head, a fraction.
        looks: Look of each treatment.
        title: Heading of the chart.
    """
    heads, attaches = _distinct(points)
    figure, axes = _grid(len(heads), 1 + len(attaches), title)
    for head, row in zip(heads, axes, strict=True):
        of_head = [point for point in points if point.head == head]
        _curves(row[0], curves(of_head, lambda p: p.target_ap), looks)
        row[0].set_title("target" + (f", {head}" if len(heads) > 1 else ""))
        row[0].set_ylabel("AP (points)")
        for attach, axis in zip(attaches, row[1:], strict=True):
            shown = [point for point in of_head if point.attach == attach]
            before = original.get(head)
            if before is not None:
                axis.axhline(100 * before, color="#555555", linestyle="--", linewidth=1.2, label="original")
            _curves(axis, curves(shown, lambda p: p.reference_ap), looks)
            axis.set_title(f"reference, attach = {attach}")
        top = max(axis.get_ylim()[1] for axis in row[1:])
        for axis in row:
            axis.set_xlabel("epoch")
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            axis.set_ylim(0, axis.get_ylim()[1] if axis is row[0] else top)
    _legend(figure, axes[0][1], heading(looks))
    return figure


def _path(axis: Axes, lost: Curve, gained: Curve, bars: tuple[Interval | None, Interval | None], look: Look) -> None:
    at = sorted(set(lost.epochs) & set(gained.epochs))
    if not at:
        return
    x = [100 * lost.values[lost.epochs.index(epoch)] for epoch in at]
    y = [100 * gained.values[gained.epochs.index(epoch)] for epoch in at]
    axis.plot(x, y, color=look.colour, marker=look.marker, linestyle=look.line, markersize=3.5, alpha=0.75)
    errors = [
        [[length] for length in error_lengths(centre, (100 * bar[0], 100 * bar[1]))] if bar else None
        for centre, bar in zip((x[-1], y[-1]), bars, strict=True)
    ]
    axis.errorbar(
        x[-1:], y[-1:], xerr=errors[0], yerr=errors[1], color=look.colour, marker=look.marker, markersize=9,
        markeredgecolor="white", capsize=3, linestyle="none", label=look.label, zorder=3,
    )  # fmt: skip


def _curves(axis: Axes, drawn: Sequence[Curve], looks: Mapping[Treatment, Look]) -> None:
    for curve in drawn:
        look = looks[curve.treatment]
        axis.plot(
            curve.epochs, [100 * value for value in curve.values], color=look.colour, marker=look.marker,
            linestyle=look.line, markersize=4.5, label=look.label,
        )  # fmt: skip
        spans = [(epoch, span) for epoch, span in zip(curve.epochs, curve.ranges, strict=True) if span]
        if spans:
            axis.fill_between(
                [epoch for epoch, _ in spans],
                [100 * low for _, (low, _) in spans],
                [100 * high for _, (_, high) in spans],
                color=look.colour,
                alpha=0.18,
                linewidth=0,
            )


def _distinct(points: Sequence[Point]) -> tuple[list[str], list[str | None]]:
    return list(dict.fromkeys(p.head for p in points)), list(dict.fromkeys(p.attach for p in points))


def _grid(rows: int, columns: int, title: str) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=(_PANEL[0] * columns + 1.4, _PANEL[1] * rows), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, [list(row) for row in axes]


def _legend(figure: Figure, axis: Axes, heading: str) -> None:
    handles, labels = axis.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, title=heading, loc="outside right center", alignment="left")
