"""How charts look: one colour and marker per treatment, safe for colour-blind readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes

from forgetbench.analyse.tradeoff import Treatment
from forgetbench.analyse.uncertainty import Interval
from forgetbench.suite.arms import FREEZE

#: Okabe and Ito's palette without its yellow, which is too pale for lines on white, then five of Paul Tol's.
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
    "#882255", "#999933", "#332288", "#DDCC77", "#661100",
)  # fmt: skip
#: Where settings vary, each has a marker and a line, and colours tell the freeze points apart.
LINES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h")
_RC = {
    "font.size": 10.0,
    "axes.titlesize": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.dpi": 150,
    "svg.hashsalt": "forgetbench",
    "svg.fonttype": "none",
}


@dataclass(frozen=True)
class Look:
    """Colour, marker, name and line of a treatment in every chart of a run."""

    colour: str
    marker: str
    label: str
    line: str = "-"


def looks(labels: Iterable[tuple[Treatment, str]]) -> dict[Treatment, Look]:
    """Return a look per treatment, from (treatment, label) pairs; past twelve, colours recur with other markers.

    Freeze points come first, the shallowest before the others, so that further arms leave their looks alone. Where
    settings vary, treatments that differ by the setting alone share a colour.
    """
    distinct = dict(labels)
    ordered = sorted(distinct, key=lambda t: (t.strategy != FREEZE, -t.freeze_point, t.strategy))
    methods = list(dict.fromkeys(treatment.method for treatment in ordered))
    settings = list(dict.fromkeys(treatment.setting for treatment in distinct))
    made = {}
    for treatment in ordered:
        i = methods.index(treatment.method)
        colour, marker, line = COLOURS[i % len(COLOURS)], MARKERS[(i + i // len(COLOURS)) % len(MARKERS)], LINES[0]
        if len(settings) > 1:
            place = settings.index(treatment.setting)
            marker, line = MARKERS[place % len(MARKERS)], LINES[place % len(LINES)]
        made[treatment] = Look(colour, marker, distinct[treatment], line)
    return made


def method_looks(looks: Mapping[Treatment, Look], names: Mapping[Treatment, str]) -> dict[Treatment, Look]:
    """Return the look of each method, whatever the setting; `names` says what methods are called."""
    made: dict[Treatment, Look] = {}
    for treatment, look in looks.items():
        made.setdefault(treatment.method, replace(look, label=names[treatment.method]))
    return made


def heading(treatments: Iterable[Treatment]) -> str:
    """Return what a column or legend of treatments is called."""
    return "freeze point" if all(treatment.strategy == FREEZE for treatment in treatments) else "arm"


def error_lengths(value: float, span: Interval | None) -> tuple[float, float]:
    """Return how far error bars reach below and above a value: nowhere below zero, whatever the interval is.

    An interval need not hold its value, as resampled ones do not; where an end is not known or not finite, there is no
    bar on that side.
    """
    low, high = span or (value, value)
    below, above = value - low, high - value
    return below if 0 < below < inf else 0.0, above if 0 < above < inf else 0.0


def mark_parts(axis: Axes, neck: int, head: int, *, named: bool = True) -> None:
    """Mark backbone, neck and head on an axis whose x is a module's index, and give every other index a tick."""
    for index, (start, end, part) in enumerate(((0, neck, "backbone"), (neck, head, "neck"), (head, head + 1, "head"))):
        if index % 2 == 0:
            axis.axvspan(start - 0.5, end - 0.5, color="#F4F4F4", zorder=0)
        if named:
            at = axis.get_xaxis_transform()
            axis.text((start + end - 1) / 2, 1.01, part, transform=at, ha="center", fontsize=9)
    axis.set_xlim(-0.5, head + 0.5)
    axis.set_xticks(range(0, head + 1, 2))


def chart_style() -> AbstractContextManager[None]:
    """Return a context in which charts are drawn; the caller's own matplotlib settings are left alone."""
    settings: dict[Any, Any] = {**mpl.rcParamsDefault, **_RC, "backend": mpl.rcParams["backend"]}
    return mpl.rc_context(settings)
