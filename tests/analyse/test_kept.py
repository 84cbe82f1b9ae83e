"""Forgetting of kept classes beside that of all, from rows written by hand."""

from pathlib import Path
from typing import Any

from support import madeup_run
from support.forgotten_rows import of_class

from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.kept import KeptBefore, kept_before, kept_losses
from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.record.table_files import read_table

HEAD, BACKBONE = "all-but-head (22)", "backbone (10)"


def evidence(folder: Path, *rows: str) -> EvidenceTable:
    return EvidenceTable(read_table(madeup_run.write_run(folder, evidence=rows) / "evidence.csv", EvidenceRow))


def row(value: float, measure: str = "ap_kept", **changes: Any) -> str:
    return madeup_run.evidence_row("forgetting", value, value, value, measure=measure, **changes)


def test_both_forgettings_of_each_treatment_against_the_original(tmp_path: Path) -> None:
    found = kept_losses(
        evidence(
            tmp_path,
            row(0.2, "ap"), row(0.3, "ap50"), row(0.1), row(0.15, "ap50_kept"),
            row(0.0, treatment=HEAD, by_construction=True), row(0.1, against=HEAD), row(0.5, model="other"),
        ),
        "yolo",
    )  # fmt: skip
    assert [(one.kept.treatment, one.whole and one.whole.value, one.kept.value) for one in found] == [
        (BACKBONE, 0.2, 0.1), (HEAD, None, 0.0),
    ]  # fmt: skip


def test_attach_points_at_which_nothing_can_be_forgotten_are_left_out(tmp_path: Path) -> None:
    nothing = [row(0.0, treatment=name, attach="freeze-point", by_construction=True) for name in (HEAD, BACKBONE)]
    found = kept_losses(evidence(tmp_path / "a", row(0.1), *nothing), "yolo")
    assert [(one.kept.attach, one.kept.treatment) for one in found] == [("head", BACKBONE)]
    found = kept_losses(evidence(tmp_path / "b", *nothing), "yolo")
    assert [one.kept.treatment for one in found] == [HEAD, BACKBONE]


def test_a_run_that_keeps_none_has_none(tmp_path: Path) -> None:
    assert kept_losses(evidence(tmp_path, row(0.2, "ap")), "yolo") == []


def test_what_the_classes_kept_were_like_before() -> None:
    classes = [
        of_class("car", before=0.6, instances=4), of_class("bus", before=0.2, instances=3),
        of_class("cat", before=0.9, instances=2), of_class("vehicle", kind="super-category", before=0.1, instances=7),
        of_class("car", before=0.6, instances=4, treatment="15"),
    ]  # fmt: skip
    assert kept_before(classes, ["bus", "boat", "car"]) == KeptBefore(0.4, 7, ["boat"])
    assert kept_before(classes, ["boat", "vehicle"]) == KeptBefore(None, 0, ["boat", "vehicle"])
    assert kept_before([], ["car"]) is None
