"""`forgetbench reproduce`: the same run again, and how it compares."""

from pathlib import Path

from support.called import call
from support.finished_run import change_cell, change_json, copy_of, seal


def test_reproduce_reports_environment_tolerance_and_outcome(small_run: Path, tmp_path: Path) -> None:
    done = call("reproduce", small_run, "-o", tmp_path / "new")
    assert done.exit_code == 0, done.output
    for said in ("environment  the same", "allowed      nothing", "13 rows, largest difference 0 points of AP"):
        assert said in done.output
    assert done.output.endswith(f"{small_run}: reproduced exactly\n")
    run = copy_of(small_run, tmp_path)
    change_cell(run / "results.csv", "ap", {"arm": "original"}, lambda _: "0.25")
    seal(run)
    wrong = call("reproduce", run, "-o", tmp_path / "new")
    assert wrong.exit_code == 1
    assert "differs: results.csv (original" in wrong.output
    change_json(run / "manifest.json", lambda content: content["environment"].update(processor="X"))
    seal(run)
    elsewhere = call("reproduce", run, "-o", tmp_path / "new")
    assert elsewhere.exit_code == 1
    assert "environment  differs:\n             processor: X then, " in elsewhere.output
    assert "allowed      half the width" in elsewhere.output
