"""The charts of what was forgotten and learnt: by class, and by kind of error. AP is shown in points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forgetbench.record.rows.changes import ChangeRow, ClassChangeRow, MeasureChangeRow
from forgetbench.report.charts.rows import Marker, add_legend, begin_at_zero, draw_markers, name_rows, row_height
from forgetbench.report.figures import Chart
from forgetbench.report.model_view import ModelView
from forgetbench.report.style import Look
from forgetbench.report.words import CHANGED, ERRORS, MARKS, SCORES, told_apart

#: Most classes in a chart: those with the most boxes.
MOST_CLASSES = 12
_CLASS_CHANGES = {
    "reference": "forgetting: reference AP lost (points)",
    "target": "gain: target AP over the reference arm (points)",
}
_CHANGES = {"reference": "lost on the reference (points)", "target": "gained over the reference arm (points)"}


def charts(view: ModelView) -> Iterator[Chart]:
    """Yield for each head what changed by class, a chart per role, then what changed by kind of error."""
    looks, called = view.looks_by_label, view.called
    for head, of_head, suffix in told_apart(one.head for one in view.changed):
        roles = [one for one in view.changed if one.head == head]
        for one in roles:
            if one.classes:
                title = f"{CHANGED[one.role].capitalize()}, by class\n{view.subject}{of_head}"
                draw = partial(draw_classes, one.classes, looks, called, title)
                yield Chart(f"classes-{view.name}-{one.role}{suffix}", draw)
        honest = [row for one in roles for row in one.measures if row.honest]
        if honest:
            about = f"Classification against localisation: {view.subject}{of_head}"
            yield Chart(f"errors-{view.name}{suffix}", partial(draw_errors, honest, looks, called, about))


def draw_classes(rows: Sequence[ClassChangeRow], looks: Mapping[str, Look], heading: str, title: str) -> Figure:
    """Draw how much each super-category and class lost or gained, with 95 % intervals; a marker per treatment.

    Args:
        rows: Of one model, head, role and attach point.
        looks: Look of each treatment by its label.
        heading: What the legend of treatments is called.
        title: Heading of the chart.
    """
    groups = [row for row in rows if row.kind == "super-category"]
    boxes = {row.name: row.instances for row in rows if row.kind == "class"}
    shown = sorted(boxes, key=lambda name: -boxes[name])[:MOST_CLASSES]
    classes = [row for row in rows if row.kind == "class" and row.name in shown]
    panels = [(groups, "super-category"), (classes, "class")] if groups else [(classes, "class")]
    treatments = [label for label in looks if any(row.treatment == label for row in rows)]
    height = row_height(treatments) * max(len({row.name for row in part}) for part, _ in panels)
    figure = Figure(figsize=(4.6 * len(panels) + 1.8, 1.6 + height), layout="constrained")
    figure.suptitle(title)
    for axis, (part, kind) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        by_name: dict[str, list[ClassChangeRow]] = {}
        for row in part:
            by_name.setdefault(row.name, []).append(row)
        known = {name: [row.value for row in mine if row.value is not None] for name, mine in by_name.items()}
        names = sorted(known, key=lambda name: -fmean(known[name] or [0.0]))
        named = [(name + MARKS[by_name[name][0].shares], by_name[name]) for name in names]
        _dots(axis, named, treatments, looks)
        axis.set_xlabel(_CLASS_CHANGES[rows[0].role])
        cut = kind == "class" and len(boxes) > len(shown)
        if cut or len(panels) > 1:
            axis.set_title(f"the {len(shown)} classes with the most boxes" if cut else f"by {kind}")
    marked = any(row.shares for row in rows)
    other = "target" if rows[0].role == "reference" else "original"
    add_legend(figure, heading, f"\n* shares its name, †: its\nmeaning with the {other}'s" if marked else "")
    return figure


def draw_errors(rows: Sequence[MeasureChangeRow], looks: Mapping[str, Look], heading: str, title: str) -> Figure:
    """Draw what was lost or gained with and without naming, and error types before and after; a column per role.

    Args:
        rows: Of one model and head, of one attach point on the reference.
        looks: Look of each treatment by its label.
        heading: What the legend of treatments is called.
        title: Heading of the chart.
    """
    roles = [role for role in ("reference", "target") if any(row.role == role for row in rows)]
    treatments = [label for label in looks if any(row.treatment == label for row in rows)]
    heights = [row_height(treatments) * len(names) for names in (SCORES, ERRORS)]
    figure = Figure(figsize=(4.4 * len(roles) + 2.6, 2.6 + sum(heights)), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(2, len(roles), squeeze=False, height_ratios=heights, sharey="row")
    for role, changed, errors in zip(roles, axes[0], axes[1], strict=True):
        mine = [row for row in rows if row.role == role]
        _dots(changed, _named(mine, SCORES), treatments, looks)
        changed.set_title(role)
        changed.set_xlabel(_CHANGES[role])
        named = _named(mine, ERRORS)
        before = [100 * (of_error[0].before or 0.0) for _, of_error in named]
        errors.barh(range(len(named)), before, color="#D0D0D0", height=0.7, label="before")
        _dots(errors, named, treatments, looks, after=True)
        begin_at_zero(errors)
        baseline = "the original" if role == "reference" else mine[0].against
        errors.set_xlabel(f"rise of AP50 without the errors (points)\ngrey: {baseline}")
    add_legend(figure, heading)
    return figure


def _named(rows: Sequence[MeasureChangeRow], names: Mapping[str, str]) -> list[tuple[str, Sequence[MeasureChangeRow]]]:
    return [(name, [row for row in rows if row.measure == measure]) for measure, name in names.items()]


def _dots(
    axis: Axes,
    groups: Sequence[tuple[str, Sequence[ChangeRow]]],
    treatments: Sequence[str],
    looks: Mapping[str, Look],
    *,
    after: bool = False,
) -> None:
    """Draw a row per group and in it a marker per treatment: the change with its interval, or what came after."""
    for index, treatment in enumerate(treatments):
        markers: list[Marker] = []
        for place, (_, rows) in enumerate(groups):
            row = next((row for row in rows if row.treatment == treatment), None)
            value = None if row is None else row.after if after else row.value
            if row is None or value is None:
                continue
            span = None if after or row.low is None or row.high is None else (row.low, row.high)
            markers.append((place, value, span))
        draw_markers(axis, markers, looks[treatment], index, len(treatments))
    if not after:
        axis.axvline(0, color="#888888", linewidth=1)
    name_rows(axis, [name for name, _ in groups])
