"""`forgetbench report`: charts and summary made again from the tables, and sealed where the run was."""

from pathlib import Path

import pytest
from support import madeup_run
from support.called import call
from support.finished_run import change_cell, copy_of

pytestmark = pytest.mark.usefixtures("charts_not_drawn")


def test_report_draws_again_from_the_tables(tmp_path: Path) -> None:
    folder = madeup_run.write_run(tmp_path)
    done = call("report", folder)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == str(folder / "summary.md")
    assert (folder / "figures" / "gain-forgetting-yolo.png").is_file()


def test_report_of_an_unfinished_run_says_what_is_missing(tmp_path: Path) -> None:
    folder = madeup_run.write_run(tmp_path)
    (folder / "results.csv").unlink()
    done = call("report", folder)
    assert done.exit_code == 1
    assert done.stderr == f"error: {folder / 'results.csv'}: no such table. Run the suite to its end first.\n"


def test_a_report_drawn_again_is_sealed_again_and_nothing_else_is(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "summary.md").write_text("tampered", encoding="utf-8")
    (run / "figures" / "costs-yolov8p-shapes.png").unlink()
    assert call("report", run).exit_code == 0
    assert call("verify", run, "-q").output == ""
    change_cell(run / "losses.csv", "loss", {"epoch": "1"}, lambda _: "0.5")
    assert call("report", run).exit_code == 0
    assert "losses.csv: changed" in call("verify", run).output


def test_classes_to_keep_become_part_of_the_run(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    done = call("report", run, "--keep", "ring, star")
    assert done.exit_code == 0, done.output
    assert str(run / "figures" / "kept-yolov8p-shapes.png") in done.output.splitlines()
    assert "over all classes and over ring, star alone" in (run / "summary.md").read_text("utf-8")
    assert call("verify", run, "-q").output == ""


def test_a_class_that_the_reference_does_not_have_is_one_line(small_run: Path) -> None:
    done = call("report", small_run, "--keep", "ring,stra")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: --keep: no such class of the reference; expected some of arrow, bolt,")
    assert done.stderr.endswith("found 'stra', did you mean 'star'?\n")
    done = call("report", small_run, "--keep", " ,")
    assert done.exit_code == 2
    assert done.stderr == "error: --keep: names no class; expected names with commas between them: person,car,truck\n"
