"""Forgetting at equal gain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from forgetbench.record.rows.differences import EqualGainRow, FrontRow
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.report.blocks import Block, FigureOf, Heading, Name, Paragraph, Table, Text
from forgetbench.report.model_view import ModelView
from forgetbench.report.text import counted_seeds, interval, points

_HOW_TO_READ = (
    "What freeze points cost the reference where they gain the same on the target. The front of a freeze point is made "
    "of those of its checkpoints, of all epochs{settings}, that no other beats in both gain and forgetting; between "
    "two of them forgetting is interpolated. A freeze point that never gains so much has no number. Brackets: 95 % "
    "intervals{both}."
)


def section(view: ModelView) -> Iterator[Block]:
    """Yield a model's fronts and what they forget at equal gain; nothing where nothing was forgotten or looked at."""
    if not view.equal_gain:
        return
    vary = any(treatment.setting for treatment in view.labels)
    both = " over images and seeds" if view.run.seeds > 1 else " over images"
    yield Heading((Name(view.name), ": forgetting at equal gain"))
    yield Paragraph(_HOW_TO_READ.format(settings=" and settings" if vary else "", both=both))
    scenes = list(dict.fromkeys((row.head, row.attach) for row in view.equal_gain))
    for head, attach in scenes:
        mine = [row for row in view.equal_gain if (row.head, row.attach) == (head, attach)]
        said = f"attach = {attach}" + (f", {head} head" if len({head for head, _ in scenes}) > 1 else "")
        yield Paragraph(("Points of reference AP lost, ", Name(said), ":"))
        yield equal_gain_table(mine, list(view.methods.values()), view.run.seeds)
        yield Paragraph("The fronts:")
        yield front_table([row for row in view.fronts if (row.head, row.attach) == (head, attach)], vary=vary)
    yield FigureOf(f"front-{view.name}")


def equal_gain_table(rows: Sequence[EqualGainRow], methods: Sequence[str], seeds: int) -> Table:
    """Return forgetting by gain (rows) and method (columns), then how much more each forgets than the one before it."""
    levels = sorted({row.at_gain for row in rows})
    found = {(row.at_gain, row.treatment, row.against): row for row in rows}
    shown = [method for method in methods if any(row.treatment == method for row in rows)]
    pairs = list(pairwise(shown))
    header: list[Text] = [
        f"gain ({counted_seeds(seeds)})",
        *map(Name, shown),
        *((Name(second), " − ", Name(first)) for first, second in pairs),
    ]
    lines = [
        [
            points(level, signed=True),
            *(_cell(found.get((level, method, ORIGINAL))) for method in shown),
            *(_cell(found.get((level, second, first)), signed=True) for first, second in pairs),
        ]
        for level in levels
    ]
    return Table(header, lines, left=0)


def front_table(rows: Sequence[FrontRow], *, vary: bool) -> Table:
    """Return the points of some fronts, from the least gain to the most."""
    lines: list[list[Text]] = [
        [
            Name(row.method),
            *([Name(row.setting or "")] if vary else []),
            str(row.epoch),
            points(row.gain, signed=True),
            points(row.forgetting),
        ]
        for row in rows
    ]
    header = ["front of", *(["setting"] if vary else []), "epoch", "gain", "forgetting"]
    return Table(header, lines, left=2 if vary else 1)


def _cell(row: EqualGainRow | None, *, signed: bool = False) -> str:
    if row is None:
        return points(None)
    known = interval(row.low, row.high) if row.low != row.high else ""
    return f"{points(row.value, signed=signed)} {known}".rstrip()
