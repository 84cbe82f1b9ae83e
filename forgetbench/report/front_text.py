"""What a report says of forgetting at equal gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from forgetbench.analyse.equal_gain import EqualGainRow, FrontRow
from forgetbench.analyse.tradeoff import ORIGINAL, Treatment, treatment_of
from forgetbench.record.tables import RunTables, rows_of
from forgetbench.report.figures import Figures
from forgetbench.report.front_charts import draw_fronts
from forgetbench.report.style import Look
from forgetbench.report.summary import points_of
from forgetbench.report.text import counted_seeds, interval, markdown_table, points
from forgetbench.shown import in_markdown

_HOW_TO_READ = (
    "What freeze points cost the reference where they gain the same on the target. The front of a freeze point is made "
    "of those of its checkpoints, of all epochs{settings}, that no other beats in both gain and forgetting; between "
    "two of them forgetting is interpolated. A freeze point that never gains so much has no number. Brackets: 95 % "
    "intervals{both}."
)


def write_fronts(
    folder: Path, figures: Figures, tables: RunTables, model: str, subject: str, looks: Mapping[Treatment, Look]
) -> str | None:
    """Draw a model's fronts and return its section; None where nothing was forgotten or the run has no fronts.

    Args:
        folder: The run.
        figures: What draws charts.
        tables: Its tables.
        model: Which.
        subject: What charts say they are about.
        looks: Look of each treatment.
    """
    del folder
    if tables.front is None or tables.equal_gain is None:
        return None
    fronts = [row for row in rows_of(tables.front, FrontRow) if row.model == model]
    equal = [row for row in rows_of(tables.equal_gain, EqualGainRow) if row.model == model]
    if not equal:
        return None
    names = {treatment_of(arm).method: str(arm["method"]) for arm in tables.arms(model)}
    title = f"Forgetting at equal gain: {subject}"
    shown = figures.add(
        f"front-{model}", lambda: draw_fronts(points_of(tables, model), fronts, equal, looks, names, title)
    )
    seeds = len(tables.manifest["suite"]["seeds"])
    vary = any(treatment.setting for treatment in looks)
    how = _HOW_TO_READ.format(
        settings=" and settings" if vary else "", both=" over images and seeds" if seeds > 1 else " over images"
    )
    parts = [f"### {in_markdown(model)}: forgetting at equal gain", how]
    scenes = list(dict.fromkeys((row.head, row.attach) for row in equal))
    for head, attach in scenes:
        mine = [row for row in equal if (row.head, row.attach) == (head, attach)]
        said = f"attach = {attach}" + (f", {head} head" if len({head for head, _ in scenes}) > 1 else "")
        parts += [
            f"Points of reference AP lost, {in_markdown(said)}:",
            equal_gain_table(mine, list(names.values()), seeds),
        ]
        points_of_front = [row for row in fronts if (row.head, row.attach) == (head, attach)]
        parts += ["The fronts:", front_table(points_of_front, vary=vary)]
    return "\n\n".join([*parts, *([shown] if shown else [])])


def equal_gain_table(rows: Sequence[EqualGainRow], methods: Sequence[str], seeds: int) -> str:
    """Return forgetting by gain (rows) and method (columns), then how much more each forgets than the one before it."""
    levels = sorted({row.at_gain for row in rows})
    found = {(row.at_gain, row.treatment, row.against): row for row in rows}
    shown = [method for method in methods if any(row.treatment == method for row in rows)]
    named = {method: in_markdown(method) for method in shown}
    pairs = list(pairwise(shown))
    header = [
        f"gain ({counted_seeds(seeds)})",
        *named.values(),
        *(f"{named[second]} − {named[first]}" for first, second in pairs),
    ]
    lines = [
        [
            points(level, signed=True),
            *(_cell(found.get((level, method, ORIGINAL))) for method in shown),
            *(_cell(found.get((level, second, first)), signed=True) for first, second in pairs),
        ]
        for level in levels
    ]
    return markdown_table(header, lines, left=0)


def front_table(rows: Sequence[FrontRow], *, vary: bool) -> str:
    """Return the points of some fronts, from the least gain to the most."""
    lines = [
        [
            in_markdown(row.method),
            *([in_markdown(row.setting or "")] if vary else []),
            str(row.epoch),
            points(row.gain, signed=True),
            points(row.forgetting),
        ]
        for row in rows
    ]
    header = ["front of", *(["setting"] if vary else []), "epoch", "gain", "forgetting"]
    return markdown_table(header, lines, left=2 if vary else 1)


def _cell(row: EqualGainRow | None, *, signed: bool = False) -> str:
    if row is None:
        return points(None)
    known = interval(row.low, row.high) if row.low != row.high else ""
    return f"{points(row.value, signed=signed)} {known}".rstrip()
