"""`forgetbench verify`: what it checked, what is wrong, and how it exits."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.called import call
from support.finished_run import change_cell, copy_of
from support.madeup_run import write_run


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
