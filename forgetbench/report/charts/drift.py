"""The charts of drift: how far modules moved, and what BatchNorm statistics cost. Forgetting is shown in points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import nan

from matplotlib.figure import Figure

from forgetbench.analyse.module_drift import ModuleDrift, StatisticsShare
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView
from forgetbench.report.style import COLOURS, MARKERS, Look, error_lengths, heading, mark_parts
from forgetbench.report.words import ADAPTED


def charts(view: ModelView) -> Iterator[Chart]:
    """Yield drift by module, then what BatchNorm's statistics cost, where they were measured."""
    if any(drift.cka is not None or drift.weight_change is not None for drift in view.drifts):
        neck, head, title = view.about["neck"], view.about["head"], f"Drift by module: {view.subject}"
        yield Chart(f"drift-{view.name}", lambda: draw_drift(view.drifts, view.looks, neck, head, title))
    if any(share.forgetting is not None for share in view.shares):
        about = f"BatchNorm statistics against weights: {view.subject}"
        yield Chart(f"batchnorm-{view.name}", lambda: draw_statistics(view.shares, view.looks, about))


def draw_drift(
    drifts: Sequence[ModuleDrift], looks: Mapping[Treatment, Look], neck: int, head: int, title: str
) -> Figure:
    """Draw CKA and weight change against the module's index, a line per treatment.

    Args:
        drifts: Modules that train, of all treatments.
        looks: Look of each treatment.
        neck, head: Indices of the first neck module and of the head.
        title: Heading of the chart.
    """
    figure = Figure(figsize=(8.6, 6.0), layout="constrained")
    figure.suptitle(title)
    above, below = figure.subplots(2, 1, sharex=True)
    for treatment in dict.fromkeys(drift.treatment for drift in drifts):
        look = looks[treatment]
        mine = [drift for drift in drifts if drift.treatment == treatment]
        known = [drift for drift in mine if drift.weight_change is not None]
        above.plot(
            [drift.index for drift in mine], [nan if drift.cka is None else drift.cka for drift in mine],
            color=look.colour, marker=look.marker, linestyle=look.line, markersize=5, label=look.label,
        )  # fmt: skip
        below.plot(
            [drift.index for drift in known], [100 * (drift.weight_change or 0.0) for drift in known],
            color=look.colour, marker=look.marker, linestyle=look.line, markersize=5, linewidth=1.2,
        )  # fmt: skip
    mark_parts(above, neck, head)
    mark_parts(below, neck, head, named=False)
    above.set_ylabel("CKA with the original's output\n(1: alike)")
    above.set_ylim(top=1.05)
    below.set_ylabel("relative change of weights (%)")
    below.set_ylim(bottom=0)
    below.set_xlabel("module")
    figure.legend(title=heading(looks), loc="outside right center", alignment="left")
    return figure


def draw_statistics(shares: Sequence[StatisticsShare], looks: Mapping[Treatment, Look], title: str) -> Figure:
    """Draw what the reference loses to adapted statistics, to adapted weights and to both: a panel per head.

    Args:
        shares: What was measured; treatments without BatchNorm of their own have no place.
        looks: Look of each treatment.
        title: Heading of the chart.
    """
    shares = [share for share in shares if share.forgetting is not None]
    heads = list(dict.fromkeys(share.head for share in shares))
    treatments = list(dict.fromkeys(share.treatment for share in shares))
    figure = Figure(figsize=(2.6 + 4.2 * len(heads), 1.6 + 0.6 * len(treatments)), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(1, len(heads), squeeze=False, sharey=True)[0]
    for head, axis in zip(heads, axes, strict=True):
        axis.axvline(0, color="#888888", linewidth=1)
        for place, (adapted, label) in enumerate(ADAPTED.items()):
            for share in shares:
                if (share.head, share.adapted) == (head, adapted):
                    centre, span = 100 * (share.forgetting or 0.0), share.interval
                    ends = (100 * span[0], 100 * span[1]) if span else None
                    error = [[length] for length in error_lengths(centre, ends)] if ends else None
                    axis.errorbar(
                        [centre], [treatments.index(share.treatment) + 0.22 * (place - 1)], xerr=error, capsize=3,
                        color=COLOURS[place], marker=MARKERS[place], markersize=6, linestyle="none",
                        label=label if share.treatment == treatments[0] and head == heads[0] else None,
                    )  # fmt: skip
        axis.set_xlabel("forgetting: reference AP lost (points)")
        if len(heads) > 1:
            axis.set_title(head)
        axis.grid(visible=False, axis="y")
    axes[0].set_yticks(range(len(treatments)), [looks[treatment].label for treatment in treatments])
    axes[0].set_ylim(len(treatments) - 0.5, -0.5)
    axes[0].set_ylabel(heading(looks))
    figure.legend(title="adapted in the trunk", loc="outside right center", alignment="left")
    return figure
