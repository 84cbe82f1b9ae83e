"""`forgetbench runs`: a table of the runs in a folder."""

import os
import shutil
import time
from pathlib import Path

import pytest
from support.called import call
from support.finished_run import runs_folder

from forgetbench.cli.console import size


def test_runs_are_shown_with_state_age_and_size(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = runs_folder(small_run, Path("runs"))
    broken = Path(shutil.copytree(run, run.with_name("mine")))
    (broken / "results.csv").unlink()
    now = time.time()
    for path in run.rglob("*"):
        os.utime(path, (now, now - 3 * 86400))
    os.utime(run / "summary.md", (now, now - 3 * 3600 - 60))
    done = call("runs")
    assert done.exit_code == 0, done.output
    title, header, first, second, last = (line.split() for line in done.stdout.splitlines())
    assert title == ["Runs", "in", "runs"]
    assert header == ["suite", "id", "state", "written", "size"]
    bytes_of = [sum(path.stat().st_size for path in one.rglob("*") if path.is_file()) for one in (run, broken)]
    assert first == ["small", run.name, "complete", "3", "h", "ago", *size(bytes_of[0]).split()]
    assert second[:6] == ["small", "runs/small/mine", "damaged:", "results.csv", "is", "missing"]
    assert last[:2] == ["2", "runs,"]
    assert " ".join(last).startswith(f"2 runs, {size(sum(bytes_of))}; ")
    assert " ".join(last).endswith(" are free on this disk")


def test_without_runs_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("runs")
    assert done.exit_code == 2
    assert done.stderr == "error: runs: no such folder; expected a folder of runs, or the folder of a run\n"
    Path("runs").mkdir()
    done = call("runs")
    assert done.exit_code == 0
    assert done.stdout.startswith("0 runs, 0 B; ")


def test_names_do_nothing_to_a_terminal(tmp_path: Path) -> None:
    run = tmp_path / "\x1b[31m\n[bold]s" / "\x1b[2J-0123456789ab"
    run.mkdir(parents=True)
    (run / ".lock").touch()
    done = call("runs", tmp_path)
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output
    assert "\\x1b[31m\\n[bold]s" in done.output
    assert "stopped: at its start" in done.output
