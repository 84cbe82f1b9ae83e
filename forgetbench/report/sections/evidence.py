"""How sure the differences of one model and head are."""

from __future__ import annotations

from collections.abc import Iterator

from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.report.blocks import Block, Name, Paragraph, Table, Text
from forgetbench.report.model_view import ModelView
from forgetbench.report.text import counted_seeds, interval, points
from forgetbench.report.words import MEASURES

#: Differences between arms that a summary shows at most.
MOST_PAIRS = 12
#: Measures whose intervals have a table of their own; the others have theirs where they are shown.
RANKED = ("ap", "ap50")


def evidence(view: ModelView, head: str) -> Iterator[Block]:
    """Yield the tables of intervals; nothing where there are none, as for differences that are zero by construction."""
    mine = [
        row
        for row in view.run.evidence.rows
        if (row.model, row.head) == (view.name, head)
        and row.measure in RANKED
        and row.images_low is not None
        and not row.by_construction
    ]
    if not mine:
        return
    baseline, several = view.baseline, any(row.seeds > 1 for row in mine)
    header = [counted_seeds(max(row.seeds for row in mine)), "attach", "measure", "points", "95 % over images"]
    header += ["over seeds", "over both"] if several else []
    to_baseline = [row for row in mine if row.against == (baseline if row.quantity == "gain" else ORIGINAL)]
    pairs = [row for row in mine if row.against not in (ORIGINAL, baseline) and row.measure == "ap"]
    yield Table(header, [_cells(row, several) for row in to_baseline], left=3)
    if len(pairs) > MOST_PAIRS:
        yield Paragraph(f"{len(pairs)} differences between arms are in evidence.csv.")
    elif pairs:
        yield Paragraph("Arm against arm:")
        yield Table(header, [_cells(row, several) for row in pairs], left=3)
    resamples = view.run.suite["evaluation"]["resamples"]
    yield Paragraph(
        "Last checkpoints. "
        f"Percentile intervals of {resamples} paired resamples of the images, each image as often as it was drawn. "
        "They tell what other images might have given"
        + (
            "; those over seeds, Student's t, what other seeds might have; both together in the last column."
            if several
            else " for these very checkpoints; what another seed would have given is unknown."
        )
    )


def _cells(row: EvidenceRow, several: bool) -> list[Text]:
    cells: list[Text] = [
        (f"{row.quantity} of ", Name(row.treatment), " against ", Name(row.against)),
        Name(row.attach or ""),
        MEASURES[row.measure],
        points(row.value, signed=row.quantity == "gain"),
        interval(row.images_low, row.images_high),
    ]
    return cells + ([interval(row.seeds_low, row.seeds_high), interval(row.low, row.high)] if several else [])
