"""The part of a report on how detectors stand in rank and in score, from a run's `operating.csv`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from forgetbench.analyse.last_checkpoints import Role
from forgetbench.analyse.operating import Standing, Standings, operating_rows, standings, thresholds
from forgetbench.analyse.tradeoff import ORIGINAL, Treatment
from forgetbench.record.tables import RunTables
from forgetbench.report.figures import Figures
from forgetbench.report.operating_charts import draw_operating
from forgetbench.report.style import Look, heading
from forgetbench.report.summary import baseline_of
from forgetbench.report.text import counted_seeds, interval, markdown_table, points
from forgetbench.shown import in_markdown

_WHY = (
    "AP ranks detections and does not see scores that sink together; a detector in use counts those above one score. "
    "Recall, precision and F1, all at IoU 0.5 and over all classes at once, are shown for two such scores, the same "
    "for every network: 0.25, and {best}."
)
_EXPLAINED: dict[Role, str] = {
    "reference": "attach = head, in points: in round brackets the share kept of what the original had, then what was "
    "lost with its 95 % interval",
    "target": "in points: after the comma the gain over {baseline} with its 95 % interval",
}


def write_in_rank_and_score(
    folder: Path, figures: Figures, tables: RunTables, model: str, subject: str, looks: Mapping[Treatment, Look]
) -> str | None:
    """Draw a model's charts of operating points and return its section; None where the run has none.

    Args:
        folder: The run.
        figures: What draws charts.
        tables: Its tables.
        model: Which.
        subject: What charts say they are about.
        looks: Look of each treatment.
    """
    del folder
    rows = operating_rows(tables, model)
    if not rows:
        return None
    seeds = len(tables.manifest["suite"]["seeds"])
    by_label, called = {look.label: look for look in looks.values()}, heading(looks)
    heads, baselines = list(dict.fromkeys(row.head for row in rows)), _baselines(tables, model)
    parts: list[str] = []
    for head in heads:
        of_head, suffix = (f", {head} head", f"-{head}") if len(heads) > 1 else ("", "")
        panels = {role: standings(tables, rows, model, head, role, baselines[role]) for role in baselines}
        panels = {role: panel for role, panel in panels.items() if panel.compared}
        if not panels:
            continue
        best = thresholds(rows, model, head)["best-f1"]
        draw = partial(
            draw_operating, panels, _names(best), by_label, called, f"In rank and in score: {subject}{of_head}"
        )
        shown = figures.add(f"operating-{model}{suffix}", draw)
        parts += [f"### {in_markdown(model + of_head)}: in rank and in score", _WHY.format(best=_best(best))]
        for role, panel in panels.items():
            data = in_markdown(tables.manifest["data"][role]["name"])
            baseline = in_markdown(panel.baseline or "")
            explained = _EXPLAINED[role].format(baseline=baseline) if baseline else "in points"
            parts += [
                f"On {data} ({role}), {explained}:",
                _table(panel, _names(best), f"{called} ({counted_seeds(seeds)})"),
            ]
        parts += [shown] if shown else []
    return "\n\n".join(parts) or None


def _baselines(tables: RunTables, model: str) -> dict[Role, str | None]:
    return {"reference": ORIGINAL, "target": baseline_of(tables, model)}


def _names(best: float | None) -> list[str]:
    """Return what the measures of `SHOWN` are called in tables and charts."""
    scores = ("0.25", "best F1" if best is None else f"{best:.3f}")
    return ["AP", *(f"{rate} at {score}" for score in scores for rate in ("recall", "precision", "F1"))]


def _best(threshold: float | None) -> str:
    """Return which the second operating point is."""
    if threshold is None:
        return "the one where the original's F1 on the reference is best (it has none)"
    return f"{threshold:.3f}, where the original's F1 on the reference is best"


def _table(panel: Standings, names: Sequence[str], called: str) -> str:
    """Return a table of measures (columns), the baseline in its first row."""
    lines = []
    for label in dict.fromkeys(row.label for row in panel.rows):
        mine = (row for row in panel.rows if row.label == label)
        lines.append([in_markdown(label), *(_cell(row, panel.before.get(row.measure)) for row in mine)])
    return markdown_table([called, *names], lines)


def _cell(one: Standing, before: float | None) -> str:
    """Return e.g. `30.0 (75 %), 10.0 [5.0, 20.0]` for what was lost, `30.0, +10.0 [5.0, 20.0]` for what was gained."""
    text, change = points(one.value), one.change
    if change is None or change.value is None or one.value is None:
        return text
    if change.quantity == "forgetting" and before:
        text += f" ({100 * one.value / before:.0f} %)"
    known = "" if change.by_construction else interval(change.low, change.high)
    return f"{text}, {points(change.value, signed=change.quantity == 'gain')} {known}".rstrip()
