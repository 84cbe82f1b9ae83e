"""The section on operating points, from a run written by hand."""

from pathlib import Path

from support import madeup_run
from support.operating_rows import BACKBONE, HEAD, write_run
from support.reported import model_of, section_of, terminal_of

from forgetbench.report.charts.operating import charts
from forgetbench.report.sections.operating import section


def text_of(run: Path) -> str:
    return section_of(run, section)


def test_what_was_kept_and_lost_on_the_reference(tmp_path: Path) -> None:
    text = text_of(write_run(tmp_path))
    assert text.startswith("### yolo: in rank and in score")
    assert "for every network: 0.25, and 0.438, where the original's F1 on the reference is best." in text
    header = "AP | recall at 0.25 | precision at 0.25 | F1 at 0.25 | recall at 0.438 | precision at 0.438 | F1 at 0.438"
    assert text.count(f"| freeze point (1 seed) | {header} |") == 2
    assert "| original | 50.0 | 80.0 | 40.0 | – | 70.0 | 35.0 | – |" in text
    assert f"| {HEAD} | 50.0 (100 %), 0 | 80.0 | 40.0 | – | 70.0 | 35.0 | – |" in text
    lost = "30.0 (60 %), 20.0 [12.0, 27.0] | 20.0 (25 %), 60.0 [50.0, 70.0] | 10.0 | – | – | – | –"
    assert f"| {BACKBONE} | {lost} |" in text
    assert "(figures/operating-yolo.png)" in text


def cells(text: str, label: str) -> list[str]:
    """Return the cells after the label of its first row."""
    return next(line for line in text.splitlines() if line.startswith(f"| {label} |")).split(" | ")[1:]


def test_the_terminal_says_what_is_found_above_the_usual_score(tmp_path: Path) -> None:
    ((_, _, _, remarks),) = terminal_of(write_run(tmp_path))
    (said,) = [remark for remark in remarks if remark.startswith("In score")]
    before, after = (cells(text_of(tmp_path), name)[1] for name in ("original", "backbone (10)"))
    assert f"above 0.25 the original finds {before} % of the reference's objects" in said
    assert said.endswith(f"the arms find: backbone (10) {after.partition(' ')[0]}.")


def test_what_was_gained_on_the_target(tmp_path: Path) -> None:
    text = text_of(write_run(tmp_path))
    assert f"On berries (target), in points: after the comma the gain over {HEAD}" in text
    assert f"| {HEAD} | 40.0 | 30.0 | 15.0 | – | 20.0 | 10.0 | – |" in text
    assert f"| {BACKBONE} | 55.0, +15.0 [11.0, 19.0] | 50.0 | 25.0 | – | 30.0, +10.0 [−10.0, 30.0] | 15.0 | – |" in text


def test_without_a_reference_arm_only_the_values_are_shown(tmp_path: Path) -> None:
    folder = write_run(tmp_path, about=madeup_run.manifest(reference_arms={}))
    text = text_of(folder)
    assert "On berries (target), in points:" in text
    assert f"| {BACKBONE} | 55.0 | 50.0 | 25.0 | – | 30.0 | 15.0 | – |" in text
    (chart,) = charts(model_of(folder))
    assert chart.draw().axes[1].get_xlabel() == "points"


def test_a_run_without_the_table_has_no_section(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    (folder / "operating.csv").unlink()
    assert section_of(folder, section) == ""
    assert list(charts(model_of(folder))) == []
