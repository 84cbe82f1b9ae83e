"""The chart of price: what is forgotten against what the combined detector computes, as the attach point moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forgetbench.analyse.price import Priced
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView
from forgetbench.report.style import Look, error_lengths, heading

_PANEL = (5.2, 4.2)
#: What was forgotten by head, attach point and treatment.
Lost = Callable[[str, str | None, Treatment], EvidenceRow | None]


def charts(view: ModelView) -> Iterator[Chart]:
    """Yield the price of remembering, where attach points differ in it."""
    if any(moves(mine) for mine in view.prices.values()):
        title = f"The price of remembering: {view.subject}"
        yield Chart(f"price-{view.name}", lambda: draw_prices(view.prices, view.lost, view.looks, title))


def moves(prices: Sequence[Priced]) -> bool:
    """Tell whether some treatment has detectors of several prices."""
    return len({one.treatment for one in prices}) < len(prices)


def draw_prices(
    prices: Mapping[str, Sequence[Priced]], lost: Lost, looks: Mapping[Treatment, Look], title: str
) -> Figure:
    """Draw forgetting against operations beyond the original's; a panel per head, a line per treatment.

    Args:
        prices: A model's detectors by head, of each treatment from the cheapest on.
        lost: Tells what they forget.
        looks: Look of each treatment.
        title: Heading of the chart.
    """
    figure = Figure(figsize=(_PANEL[0] * len(prices) + 1.6, _PANEL[1]), layout="constrained")
    figure.suptitle(title)
    for axis, (head, mine) in zip(figure.subplots(1, len(prices), squeeze=False)[0], prices.items(), strict=True):
        draw_price(axis, head, mine, lost, looks)
        if len(prices) > 1:
            axis.set_title(head)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    named = f"{heading(looks)}\n(each point: an attach\npoint; bars: 95 %)"
    figure.legend(handles, labels, title=named, loc="outside right center", alignment="left")
    return figure


def draw_price(axis: Axes, head: str, prices: Sequence[Priced], lost: Lost, looks: Mapping[Treatment, Look]) -> None:
    """Draw one head's prices, and how much more two separate models compute."""
    axis.axhline(0, color="#888888", linewidth=1)
    for treatment, look in looks.items():
        found = [
            (one, row)
            for one in prices
            if one.treatment == treatment and (row := lost(head, one.row.attach, treatment))
        ]
        known = [(one.extra_flops / 1e9, 100 * row.value, row) for one, row in found if row.value is not None]
        if not known:  # an arm that ended early, say: no name in the legend either
            continue
        bars = [
            error_lengths(y, None if row.low is None or row.high is None else (100 * row.low, 100 * row.high))
            for _, y, row in known
        ]
        axis.errorbar(
            [x for x, _, _ in known], [y for _, y, _ in known], yerr=list(zip(*bars, strict=True)),
            color=look.colour, marker=look.marker, linestyle=look.line, markersize=4.5, elinewidth=0.9, capsize=2,
            label=look.label,
        )  # fmt: skip
    for extra in {one.row.two_flops - one.row.original_flops for one in prices}:
        axis.axvline(extra / 1e9, color="#555555", linestyle=":", linewidth=1.2)
        axis.annotate(
            "two models", (extra / 1e9, 1), xycoords=("data", "axes fraction"), xytext=(-3, -3),
            textcoords="offset points", rotation=90, ha="right", va="top", fontsize=8, color="#555555",
        )  # fmt: skip
    axis.set_xlim(left=0)
    axis.set_xlabel("GFLOPs beyond the original's")
    axis.set_ylabel("forgetting: reference AP lost (points)")
