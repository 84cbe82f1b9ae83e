"""What is said of the price of remembering."""

from pathlib import Path

from support import madeup_run
from support.reported import section_of

from forgetbench.report.sections.price import section


def test_each_detector_forgets_and_costs_beside_the_original_and_two_models(tmp_path: Path) -> None:
    run = madeup_run.write_run(tmp_path, evidence=[madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27)])
    madeup_run.write_prices(run)
    text = section_of(run, section)
    assert text.startswith("### yolo: the price of remembering\n\nOne detector for both sets of classes")
    assert "at 64 px" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[:3] for row in rows[2:]] == [
        ["| all-but-head (22)", "head", "–"],
        ["| backbone (10)", "head", "20.0 [12.0, 27.0]"],
        ["| backbone (10)", "15", "–"],
        ["| backbone (10)", "freeze-point", "–"],
        ["| the original alone", "", "0"],
        ["| two models", "", "0"],
    ]
    assert [row.split(" | ")[4] for row in rows[2:]] == ["+17 %", "+17 %", "+41 %", "+59 %", "", "+93 %"]
    assert text.rstrip().endswith("![price-yolo](figures/price-yolo.png)")


def test_nothing_is_said_where_nothing_was_counted(tmp_path: Path) -> None:
    assert section_of(madeup_run.write_run(tmp_path), section) == ""
