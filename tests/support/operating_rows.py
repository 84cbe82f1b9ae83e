"""A run written by hand whose networks were measured at operating points."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from support import madeup_run

from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.rows.scores import OperatingRow

HEAD, BACKBONE = "all-but-head (22)", "backbone (10)"


def rows(arm: str, epoch: int, role: str, at_fixed: float, at_best: float | None, **changes: Any) -> Iterable[Any]:
    """Yield a scored thing at both points; recall is given, precision is half of it, F1 unmeasured."""
    for point, threshold, recall in (("0.25", 0.25, at_fixed), ("best-f1", 0.4375, at_best)):
        cells = {
            "model": madeup_run.MODEL, "arm": arm, "seed": None if arm == "original" else 0, "epoch": epoch,
            "role": role, "attach": "head" if role == "reference" else None, "head": "one-to-many", "point": point,
            "threshold": threshold, "recall": recall, "precision": None if recall is None else recall / 2, "f1": None,
            "right": 1, "wrong": 1, "objects": 9, "detections": "x.safetensors", **changes,
        }  # fmt: skip
        yield OperatingRow(**cells)


def write_run(folder: Path, **changes: Any) -> Path:
    evidence = [
        madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27),
        madeup_run.evidence_row("forgetting", 0.0, 0.0, 0.0, treatment=HEAD, by_construction=True),
        madeup_run.evidence_row("forgetting", 0.6, 0.5, 0.7, measure="recall_at_0.25"),
        madeup_run.evidence_row("gain", 0.15, 0.11, 0.19),
        madeup_run.evidence_row("gain", 0.1, -0.1, 0.3, measure="recall_at_best_f1"),
    ]
    head, backbone = madeup_run.arm_name(22, 0), madeup_run.arm_name(10, 0)
    scored = [
        *rows("original", 0, "reference", 0.8, 0.7),
        *rows(head, 2, "target", 0.3, 0.2), *rows(head, 2, "reference", 0.8, 0.7),
        *rows(backbone, 1, "target", 0.9, 0.9),  # an earlier epoch
        *rows(backbone, 2, "target", 0.5, 0.3), *rows(backbone, 2, "reference", 0.2, None),
        *rows(backbone, 2, "reference", 0.8, 0.7, attach="freeze-point"),
    ]  # fmt: skip
    madeup_run.write_run(folder, evidence=evidence, **changes)
    RunFolder(folder).write_table("operating.csv", columns_of(OperatingRow), scored)
    return folder
