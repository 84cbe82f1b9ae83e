"""What was forgotten of the classes that somebody keeps, beside what was forgotten of all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.measures import mean
from forgetbench.record.rows.changes import ClassChangeRow
from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.record.rows.scores import ORIGINAL


@dataclass(frozen=True)
class KeptLoss:
    """Forgetting of one treatment's last checkpoints against the original, in AP.

    Attributes:
        whole: Of all classes, None if it was not measured.
        kept: Of those kept, under the same head and attach point.
    """

    whole: EvidenceRow | None
    kept: EvidenceRow


@dataclass(frozen=True)
class KeptBefore:
    """The classes kept as the original finds them, and as the reference shows them.

    Attributes:
        ap: The original's mean AP over those with an object, a fraction; None where there is none.
        boxes: Annotated boxes without crowd regions.
        absent: Names of those without a box, which count for nothing.
    """

    ap: float | None
    boxes: int
    absent: list[str]


def kept_losses(evidence: EvidenceTable, model: str) -> list[KeptLoss]:
    """Return what a model's treatments forgot, at the attach points where that is not zero by construction for all.

    Where it is for all attach points, all are there. None are if the run keeps no classes.
    """
    rows = [row for row in evidence.rows if (row.model, row.measure, row.against) == (model, "ap_kept", ORIGINAL)]
    open_points = {(row.head, row.attach) for row in rows if not row.by_construction}
    return [
        KeptLoss(evidence.find(model, row.head, row.attach, "forgetting", row.treatment, ORIGINAL), row)
        for row in rows
        if (row.head, row.attach) in open_points or not open_points
    ]


def kept_before(classes: Sequence[ClassChangeRow], keep: Collection[str]) -> KeptBefore | None:
    """Return what the classes kept were like before, None where nothing is known of classes.

    Args:
        classes: Rows of `classes.csv`, of one model and head, on the reference.
        keep: Names of the classes.
    """
    by_name = {row.name: row for row in classes if row.kind == "class"}
    if not by_name:
        return None
    there = [by_name[name] for name in keep if name in by_name]
    absent = [name for name in keep if name not in by_name]
    return KeptBefore(mean([row.before for row in there]), sum(row.instances for row in there), absent)
