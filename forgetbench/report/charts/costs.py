"""The charts of costs: gradient norms by module, memory and time by treatment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import nan

from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from forgetbench.analyse.costs import HELD, Cost, ModuleNorms
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView
from forgetbench.report.style import COLOURS, Look, error_lengths, heading, mark_parts

_KIND_LABELS = {
    "parameters": "parameters",
    "gradients": "gradients",
    "optimizer": "optimizer state",
    "saved_for_backward": "saved for backward",
}


def charts(view: ModelView) -> Iterator[Chart]:
    """Yield gradient norms by module, then memory and time, where they were measured."""
    if view.norms:
        neck, head, title = view.about["neck"], view.about["head"], f"Gradient norms by module: {view.subject}"
        yield Chart(f"gradients-{view.name}", lambda: draw_gradients(view.norms, view.looks, neck, head, title))
    if any(cost.total is not None or cost.step_seconds is not None for cost in view.costs):
        about = f"Cost of training: {view.subject}"
        yield Chart(f"costs-{view.name}", lambda: draw_costs(view.costs, view.shared_seconds, view.looks, about))


def draw_gradients(
    norms: Sequence[ModuleNorms], looks: Mapping[Treatment, Look], neck: int, head: int, title: str
) -> Figure:
    """Draw each module's gradient norm, median and quartiles over logged steps; frozen modules have none.

    A norm of exactly zero has no place on the logarithmic axis and leaves a gap.

    Args:
        norms: Norms per treatment.
        looks: Look of each treatment.
        neck, head: Indices of the first neck module and of the head.
        title: Heading of the chart.
    """
    figure = Figure(figsize=(8.6, 4.2), layout="constrained")
    axis = figure.subplots()
    axis.set_title(title)
    mark_parts(axis, neck, head)
    for i, norm in enumerate(norms):
        look = looks[norm.treatment]
        shift = min(0.12, 0.7 / len(norms)) * (i - (len(norms) - 1) / 2)
        lengths = [
            error_lengths(centre, (low, high))
            for centre, low, high in zip(norm.median, norm.low, norm.high, strict=True)
        ]
        axis.errorbar(
            [module + shift for module in norm.modules], [value or nan for value in norm.median],
            yerr=list(zip(*lengths, strict=True)) or None,
            color=look.colour, marker=look.marker, linestyle=look.line, markersize=5, linewidth=1.2, elinewidth=0.9,
            label=look.label,
        )  # fmt: skip
    axis.set_title(title, pad=18)
    axis.set_yscale("log")
    axis.set_xlabel("module")
    axis.set_ylabel("gradient L2 norm before clipping")
    figure.legend(title=f"{heading(looks)}\n(median, quartiles)", loc="outside right center", alignment="left")
    return figure


def draw_costs(
    costs: Sequence[Cost], shared_seconds: float | None, looks: Mapping[Treatment, Look], title: str
) -> Figure:
    """Draw memory and time per treatment.

    Args:
        costs: Cost per treatment.
        shared_seconds: Seconds per step in what all branches share, None if not measured.
        looks: Look of each treatment.
        title: Heading of the chart.
    """
    figure = Figure(figsize=(9.6, 1.9 + 0.42 * len(costs)), layout="constrained")
    figure.suptitle(title)
    memory, time = figure.subplots(1, 2, sharey=True)
    rows = list(range(len(costs)))
    left = [0.0] * len(costs)
    for kind, colour in zip(HELD, COLOURS, strict=False):
        widths = [(cost.held[kind] or 0.0) / 2**20 for cost in costs]
        memory.barh(rows, widths, left=left, color=colour, label=_KIND_LABELS[kind], height=0.62)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    measured = [(row, cost.max_allocated / 2**20) for row, cost in zip(rows, costs, strict=True) if cost.max_allocated]
    if measured:
        memory.plot(
            [peak for _, peak in measured], [row for row, _ in measured], "k|", markersize=16, label="solo peak (CUDA)"
        )
    memory.set_yticks(rows, [looks[cost.treatment].label for cost in costs])
    memory.invert_yaxis()
    memory.set_ylabel(heading(looks))
    memory.set_xlabel("memory of a branch (MiB)")
    start = 1000 * (shared_seconds or 0.0)
    if shared_seconds is not None:
        time.barh(rows, start, color="#BBBBBB", label="shared by all branches", height=0.62)
    time.barh(
        rows, [1000 * (cost.step_seconds or 0.0) for cost in costs], left=start, color=COLOURS[0],
        label="the branch's own modules", height=0.62,
    )  # fmt: skip
    time.set_xlabel("time of a training step (ms)")
    for axis in (memory, time):
        axis.grid(visible=False, axis="y")
        below = axis.transAxes + ScaledTranslation(0, -0.5, figure.dpi_scale_trans)
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=below, ncols=2, fontsize=9)
    return figure
