"""The section on kept classes, from a run written by hand."""

from pathlib import Path
from typing import Any

from support import madeup_run
from support.forgotten_rows import of_class, of_measure
from support.reported import section_of, terminal_of

from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow
from forgetbench.report.sections.kept import MOST_NAMED, section

HEAD, BACKBONE = "all-but-head (22)", "backbone (10)"


def write_run(folder: Path, keep: list[str] | None, **changes: Any) -> Path:
    about = madeup_run.manifest(**changes)
    if keep is not None:
        about["suite"]["keep"] = keep
    rows = [
        madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27),
        madeup_run.evidence_row("forgetting", 0.0, 0.0, 0.0, treatment=HEAD, by_construction=True),
        madeup_run.evidence_row("forgetting", 0.0, 0.0, 0.0, attach="freeze-point", by_construction=True),
    ]
    if keep is not None:
        rows += [row.replace(",ap,", ",ap_kept,") for row in rows]
        rows[3] = madeup_run.evidence_row("forgetting", 0.05, 0.03, 0.08, measure="ap_kept")
    return madeup_run.write_run(folder, about=about, evidence=rows)


def write_classes(folder: Path) -> None:
    classes = [
        of_class("car", model=madeup_run.MODEL, before=0.6, instances=1200),
        of_class("bus", model=madeup_run.MODEL, before=0.2, instances=34),
    ]
    run = RunFolder(folder)
    run.write_table("classes.csv", columns_of(ClassChangeRow), classes)
    run.write_table("errors.csv", columns_of(MeasureChangeRow), [of_measure("ap", model=madeup_run.MODEL)])


def test_both_forgettings_stand_side_by_side(tmp_path: Path) -> None:
    text = section_of(write_run(tmp_path, ["car", "traffic light"]), section)
    assert text.splitlines() == [
        "### yolo: the classes you keep",
        "",
        "Forgetting in points of AP, over all classes and over car, traffic light alone.",
        "",
        "| freeze point (1 seed) | attach | forgetting, all classes | those kept |",
        "| :-- | :-- | --: | --: |",
        f"| {BACKBONE} | head | 20.0 [12.0, 27.0] | 5.0 [3.0, 8.0] |",
        f"| {HEAD} | head | 0 | 0 |",
        "",
        "![kept-yolo](figures/kept-yolo.png)",
    ]


def test_the_original_and_what_the_reference_lacks_are_named(tmp_path: Path) -> None:
    write_classes(write_run(tmp_path, ["bus", "car", "zebra"]))
    text = section_of(tmp_path, section)
    assert "over bus, car, zebra alone. The original's AP over these is 40.0, on 1,234 boxes; the" in text
    assert "; the reference shows no zebra.\n" in text


def test_of_many_classes_some_are_named(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(MOST_NAMED + 3)]
    assert f"n{MOST_NAMED - 1} and 3 more alone" in section_of(write_run(tmp_path, names), section)


def test_names_are_escaped(tmp_path: Path) -> None:
    assert "<b>" not in section_of(write_run(tmp_path, ["<b>x</b>"]), section)


def test_a_run_that_keeps_none_has_no_section(tmp_path: Path) -> None:
    assert section_of(write_run(tmp_path, None), section) == ""
    ((_, _, _, remarks),) = terminal_of(tmp_path)
    assert not any(remark.startswith("Forgetting of") for remark in remarks)


def test_the_terminal_has_a_line(tmp_path: Path) -> None:
    ((_, _, _, remarks),) = terminal_of(write_run(tmp_path, ["car", "bus"]))
    said = f"Forgetting of car, bus alone, attach = head: {BACKBONE} 5.0 [3.0, 8.0], {HEAD} 0."
    assert remarks[-1] == said
