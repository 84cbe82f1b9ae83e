"""`forgetbench clean`: says what can go, and removes it when told to."""

from pathlib import Path

import pytest
from support.called import call
from support.finished_run import runs_folder

from forgetbench.record.folder import RunFolder


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    return tmp_path


def test_nothing_is_removed_before_it_is_told_to(small_run: Path, place: Path) -> None:
    run = runs_folder(small_run, Path("runs"))
    (run / ".x.csv.part").write_bytes(b"x" * 1500)
    (place / "cache" / "shapes").mkdir(parents=True)
    (place / "cache" / "shapes" / "a.png").write_bytes(b"x" * 500)
    looked = call("clean")
    assert looked.exit_code == 0, looked.output
    assert looked.stdout.startswith("Can be removed")
    assert "2.0 kB in all; nothing was removed, `forgetbench clean --yes` does it\n" in looked.stdout
    assert (run / ".x.csv.part").exists()
    one = call("clean", "runs")
    assert "1.5 kB in all; nothing was removed, `forgetbench clean runs --yes` does it\n" in one.stdout
    done = call("clean", "--yes")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "removed 2.0 kB"
    assert not (run / ".x.csv.part").exists()
    assert not (place / "cache" / "shapes" / "a.png").exists()
    assert call("clean", "--yes").stdout == "there is nothing to remove\n"
    assert call("verify", run).exit_code == 0


def test_what_is_left_alone_is_said(small_run: Path) -> None:
    run = runs_folder(small_run, Path("runs"))
    with RunFolder(run).lock():
        done = call("clean", "--yes")
    assert f"left alone: {run}: another process is working on this run\n" in done.stdout


def test_a_folder_that_is_not_there_is_one_line() -> None:
    done = call("clean", "nowhere", "--yes")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: nowhere: no such folder; ")
    assert len(done.stderr.splitlines()) == 1
