"""Finished runs that changed: what is wrong with them, and that they go on."""

from pathlib import Path

import pytest
from support.finished_run import copy_of

from forgetbench.record.journal import Journal
from forgetbench.sweep.finished import broken, reopen


@pytest.fixture
def run(small_run: Path, tmp_path: Path) -> Path:
    return copy_of(small_run, tmp_path)


def test_a_run_that_holds_has_no_problem_and_notes_beside_it_are_none_of_its_business(run: Path) -> None:
    (run / "notes.txt").write_text("mine", encoding="utf-8")
    assert broken(run) == []


def test_what_is_missing_changed_or_unnamed_is_told(run: Path) -> None:
    (run / "times.csv").unlink()
    (run / "losses.csv").write_text("", encoding="utf-8")
    (run / "detections" / "more.json").touch()
    assert broken(run) == [
        "detections/more.json: DONE does not name it",
        "losses.csv: changed since it was written",
        "times.csv: missing",
    ]


@pytest.mark.parametrize("kept", [0, 1, 10, 40])
def test_a_seal_cut_between_its_lines_is_no_seal_of_all(run: Path, kept: int) -> None:
    lines = (run / "DONE").read_text(encoding="utf-8").splitlines(keepends=True)
    (run / "DONE").write_text("".join(lines[:kept]), encoding="utf-8")
    assert broken(run)


@pytest.mark.parametrize("name", ["results.csv", "summary.md", "manifest.json", "times.csv"])
def test_a_file_taken_out_of_folder_and_seal_is_missed(run: Path, name: str) -> None:
    (run / name).unlink()
    lines = (run / "DONE").read_text(encoding="utf-8").splitlines(keepends=True)
    (run / "DONE").write_text("".join(line for line in lines if not line.endswith(f"  {name}\n")), encoding="utf-8")
    assert broken(run) == [f"{name}: DONE does not name it"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"half a li"])
def test_a_seal_that_is_none_is_the_problem_and_nothing_is_used_again(run: Path, content: bytes) -> None:
    (run / "DONE").write_bytes(content)
    assert len(broken(run)) == 1
    reopen(run)
    assert not Journal(run).holds(run / "results.csv")


def test_a_run_that_goes_on_uses_what_holds(run: Path) -> None:
    (run / "times.csv").unlink()
    reopen(run)
    journal = Journal(run)
    assert journal.holds(run / "results.csv")
    assert not journal.holds(run / "times.csv")
