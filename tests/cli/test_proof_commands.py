"""`verify`, `pack` and `reproduce` as users call them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.finished_run import change_cell, change_json, copy_of, seal
from support.madeup_run import write_run

from forgetbench.cli import main as cli


def call(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(cli.main, [str(argument) for argument in arguments])


def test_verify_says_what_it_checked(small_run: Path) -> None:
    done = call("verify", small_run)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines[:-1] if not line.startswith(" ")] == [
        "files", "manifest", "checkpoints", "scores", "tables", "report"
    ]  # fmt: skip
    assert lines[-1] == f"{small_run}: verified"
    quiet = call("verify", small_run, "-q")
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_verify_names_what_is_wrong_and_exits_with_1(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    change_cell(run / "results.csv", "ap", {"arm": "original"}, lambda _: "0.25")
    done = call("verify", run, "-q")
    assert done.exit_code == 1
    assert "wrong: results.csv: changed, its hash is not the one in DONE\n" in done.output
    assert (
        "wrong: results.csv, line 2 (yolov8p-shapes, original, epoch 0, reference, head, one-to-many), ap:"
        in done.output
    )
    assert done.output.splitlines()[-1].startswith(f"{run}: failed verification, ")
    assert "more of report; -v lists them" in done.output
    assert "; -v lists them" not in call("verify", run, "-v").output


@pytest.mark.parametrize("command", ["verify", "pack", "reproduce"])
def test_what_is_no_finished_run_is_one_line_and_exit_code_2(tmp_path: Path, command: str) -> None:
    done = call(command, write_run(tmp_path / "run"))
    assert done.exit_code == 2
    assert done.stderr == (
        f"error: {tmp_path / 'run'}: the run is not finished. Run its suite again: it goes on where it stopped.\n"
    )


def test_pack_says_what_it_wrote(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("pack", small_run)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"small-{small_run.name}.tar.gz: ")
    assert call("verify", f"small-{small_run.name}.tar.gz").exit_code == 0
    less = call("pack", small_run, "--without-checkpoints", "-o", tmp_path / "less.tar.gz")
    assert less.exit_code == 0
    assert "checkpoints were left out" in call("verify", tmp_path / "less.tar.gz").output


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


def test_a_report_drawn_again_is_sealed_again_and_nothing_else_is(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "summary.md").write_text("tampered", encoding="utf-8")
    (run / "figures" / "costs-yolov8p-shapes.png").unlink()
    assert call("report", run).exit_code == 0
    assert call("verify", run, "-q").output == ""
    change_cell(run / "losses.csv", "loss", {"epoch": "1"}, lambda _: "0.5")
    assert call("report", run).exit_code == 0
    assert "losses.csv: changed" in call("verify", run).output
