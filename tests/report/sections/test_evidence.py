"""What is said of how sure differences are."""

from pathlib import Path

from support import madeup_run
from support.operating_rows import write_run
from support.reported import model_of

from forgetbench.report.markdown import markdown
from forgetbench.report.sections.evidence import MOST_PAIRS, evidence


def sure(run: Path) -> str:
    return markdown(evidence(model_of(run), "one-to-many"))


def test_only_ap_has_its_intervals_here(tmp_path: Path) -> None:
    text = sure(write_run(tmp_path))
    assert "| forgetting of backbone (10) against original | head | AP | 20.0 | [12.0, 27.0] |" in text
    assert "recall" not in text


def test_arms_are_compared_with_each_other_unless_they_are_many(tmp_path: Path) -> None:
    pairs = [madeup_run.evidence_row("gain", 0.1, 0.0, 0.2, against=f"arm {index}") for index in range(MOST_PAIRS + 1)]
    few, many = (madeup_run.write_run(tmp_path / str(len(rows)), evidence=rows) for rows in (pairs[:1], pairs))
    assert "Arm against arm:\n\n| 1 seed |" in sure(few)
    assert "| gain of backbone (10) against arm 0 |  | AP | +10.0 | [0, 20.0] |" in sure(few)
    assert "13 differences between arms are in evidence.csv." in sure(many)
    assert "arm 0" not in sure(many)


def test_without_intervals_nothing_is_said(tmp_path: Path) -> None:
    assert sure(madeup_run.write_run(tmp_path)) == "\n"
