"""How detectors stand in rank and in score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forgetbench.analyse.operating import Standing, Standings
from forgetbench.report.blocks import Block, FigureOf, Heading, Name, Paragraph, Table, Text
from forgetbench.report.model_view import ModelView
from forgetbench.report.text import counted_seeds, interval, points
from forgetbench.report.words import operating_names, told_apart
from forgetbench.suite.data_section import Role

_WHY = (
    "AP ranks detections and does not see scores that sink together; a detector in use counts those above one score. "
    "Recall, precision and F1, all at IoU 0.5 and over all classes at once, are shown for two such scores, the same "
    "for every network: 0.25, and {best}."
)


def section(view: ModelView) -> Iterator[Block]:
    """Yield a model's standings by head and dataset; nothing where the run has none."""
    called = f"{view.called} ({counted_seeds(view.run.seeds)})"
    for head, of_head, suffix in told_apart(row.head for row in view.operating):
        panels = {role: panel for role, panel in view.standings[head].items() if panel.compared}
        if not panels:
            continue
        best = view.best_threshold(head)
        yield Heading((Name(view.name + of_head), ": in rank and in score"))
        yield Paragraph(_WHY.format(best=_best(best)))
        for role, panel in panels.items():
            data = Name(view.run.data[role]["name"])
            yield Paragraph(("On ", data, f" ({role}), ", *_explained(role, panel.baseline), ":"))
            yield _table(panel, operating_names(best), called)
        yield FigureOf(f"operating-{view.name}{suffix}")


def _explained(role: Role, baseline: str | None) -> tuple[str | Name, ...]:
    if not baseline:
        return ("in points",)
    if role == "target":
        return "in points: after the comma the gain over ", Name(baseline), " with its 95 % interval"
    return (
        "attach = head, in points: in round brackets the share kept of what the original had, then what was lost with "
        "its 95 % interval",
    )


def _best(threshold: float | None) -> str:
    """Return which the second operating point is."""
    if threshold is None:
        return "the one where the original's F1 on the reference is best (it has none)"
    return f"{threshold:.3f}, where the original's F1 on the reference is best"


def _table(panel: Standings, names: Sequence[str], called: str) -> Table:
    """Return a table of measures (columns), the baseline in its first row."""
    lines: list[list[Text]] = []
    for label in dict.fromkeys(row.label for row in panel.rows):
        mine = (row for row in panel.rows if row.label == label)
        lines.append([Name(label), *(_cell(row, panel.before.get(row.measure)) for row in mine)])
    return Table([called, *names], lines)


def _cell(one: Standing, before: float | None) -> str:
    """Return e.g. `30.0 (75 %), 10.0 [5.0, 20.0]` for what was lost, `30.0, +10.0 [5.0, 20.0]` for what was gained."""
    text, change = points(one.value), one.change
    if change is None or change.value is None or one.value is None:
        return text
    if change.quantity == "forgetting" and before:
        text += f" ({100 * one.value / before:.0f} %)"
    known = "" if change.by_construction else interval(change.low, change.high)
    return f"{text}, {points(change.value, signed=change.quantity == 'gain')} {known}".rstrip()
