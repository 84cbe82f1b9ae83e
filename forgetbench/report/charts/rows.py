"""Charts with a row per thing and in it a marker per treatment. Fractions are shown in points."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forgetbench.analyse.uncertainty import Interval
from forgetbench.report.style import Look, error_lengths
from forgetbench.report.text import shown_name

#: Number of the row, value, and the ends of its interval where it is known; fractions.
Marker = tuple[int, float, Interval | None]


def row_height(treatments: Sequence[str]) -> float:
    """Return the inches that a row needs for a marker per treatment."""
    return max(0.3, 0.09 + 0.075 * len(treatments))


def draw_markers(axis: Axes, markers: Sequence[Marker], look: Look, index: int, treatments: int) -> None:
    """Draw one treatment's markers with their intervals; it is the one of this index among so many."""
    y = [row + 0.76 / max(treatments, 1) * (index - (treatments - 1) / 2) for row, _, _ in markers]
    spans = [[100 * length for length in error_lengths(value, span)] for _, value, span in markers]
    axis.errorbar(
        [100 * value for _, value, _ in markers], y, xerr=list(zip(*spans, strict=True)) or None, color=look.colour,
        marker=look.marker, markersize=4.5, linestyle="none", elinewidth=1.0, label=look.label,
    )  # fmt: skip


def name_rows(axis: Axes, names: Sequence[str]) -> None:
    """Name the rows from the top down, every other one on grey."""
    axis.set_yticks(range(len(names)), [shown_name(name) for name in names])
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.grid(visible=False, axis="y")
    for row in range(0, len(names), 2):
        axis.axhspan(row - 0.5, row + 0.5, color="#F6F6F6", zorder=0)


def begin_at_zero(axis: Axes, most: float = inf) -> None:
    """Let a row chart begin just left of zero and end where its values do, or at the most that makes sense."""
    right = min(most, axis.get_xlim()[1])
    if 0 < right < inf:
        axis.set_xlim(-0.02 * right, right)


def add_legend(figure: Figure, heading: str, note: str = "") -> None:
    """Add the legend of treatments beside the charts."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, title=f"{heading}\n(bars: 95 %){note}", loc="outside right center", alignment="left")
