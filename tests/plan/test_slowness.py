"""Warnings of other work: from series of times made by hand, and in the commands, with a stand-in for measuring."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from click.testing import CliRunner, Result
from support.factories import written_suite
from support.recorder import Recorder

from forgetbench.cli import main as cli
from forgetbench.neighbours import OtherWork
from forgetbench.plan import slowness
from forgetbench.plan.plan import make_plan
from forgetbench.plan.slowness import Drop, Pace, PaceWatch
from forgetbench.record.folder import RunFolder
from forgetbench.suite.load import load_suite
from forgetbench.sweep import stages
from forgetbench.sweep.execute import run_plan

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
FULL, SOME, NONE = OtherWork(2.0, 2, 7.9), OtherWork(1.4, 2, None), OtherWork(0.1, 2, 0.2)
PASSIVE = "OMP_WAIT_POLICY=passive (changes no number)"
ONE = "OMP_NUM_THREADS=1 (changes last digits, so for a new run only)"


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgetbench.neighbours.cores_wanted", lambda _device: 2)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)


def other_work(monkeypatch: pytest.MonkeyPatch, *found: OtherWork | None) -> list[OtherWork | None]:
    """Let this be what is measured, in turn, the last for good; returns what has been measured so far."""
    measured: list[OtherWork | None] = []

    def measure() -> OtherWork | None:
        measured.append(found[min(len(measured), len(found) - 1)])
        return measured[-1]

    monkeypatch.setattr("forgetbench.neighbours.measure_other_work", measure)
    return measured


def drops(seconds: Sequence[float]) -> dict[int, Drop]:
    """Return after which of these pieces of work a drop was found."""
    pace = Pace()
    found = [pace.add(each) for each in seconds]
    return {index: drop for index, drop in enumerate(found) if drop is not None}


def test_a_steady_pace_is_no_drop() -> None:
    assert drops([1.0, 1.5, 1.9, 1.2] * 20) == {}


def test_hiccups_are_no_drop() -> None:
    assert drops(([1.0] * 10 + [60.0] * 3) * 5) == {}


def test_becoming_faster_is_no_drop_and_coming_back_is() -> None:
    assert drops([4.0] * 10 + [2.0] * 10) == {}
    assert list(drops([4.0] * 10 + [2.0] * 10 + [4.0] * 10)) == [23]


def test_a_lasting_drop_is_found_at_the_fourth_slow_piece_and_once() -> None:
    assert drops([1.0] * 10 + [8.0] * 30) == {13: Drop(best=1.0, now=0.125)}


def test_a_drop_to_just_above_half_is_none() -> None:
    assert drops([2.0] * 10 + [3.9] * 30) == {}
    assert list(drops([2.0] * 10 + [4.0] * 30)) == [13]


def test_a_further_drop_is_found_from_the_first() -> None:
    assert drops([1.0] * 10 + [2.0] * 20 + [4.0] * 10) == {13: Drop(1.0, 0.5), 33: Drop(0.5, 0.25)}


def test_before_a_whole_window_there_is_nothing_to_compare_with() -> None:
    assert drops([1.0, 1.0, 1.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0]) == {}


def test_short_pieces_are_read_a_second_at_a_time() -> None:
    # 7 readings of 8 pieces, then 4 of 2
    assert drops([0.125] * 56 + [0.5] * 60) == {63: Drop(8.0, 2.0)}


def watched(
    monkeypatch: pytest.MonkeyPatch, epochs: Sequence[Sequence[float]], device: torch.device = CPU
) -> list[str]:
    """Train epochs of batches that take so many seconds, an hour apart; returns what is said."""
    now = [0.0]
    monkeypatch.setattr(slowness, "time", SimpleNamespace(monotonic=lambda: now[0]))
    recorder = Recorder()
    watch = PaceWatch("training", "batches", device, recorder)
    for batches in epochs:
        now[0] += 3600
        for number, seconds in enumerate(batches, start=1):
            now[0] += seconds
            watch.done(number)
    return recorder.lines


SLOWED = [[0.6] * 25, [0.6] * 25, [5.0] * 25, [5.0] * 25]


def test_falling_behind_beside_other_work_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = other_work(monkeypatch, FULL)
    assert watched(monkeypatch, SLOWED) == [
        "warning: training fell from 1.67 to 0.20 batches a second: other work keeps 2.0 of 2 cores busy (load average "
        f"7.9). What helps: stop the other work, or stop this run and let the same command go on with {PASSIVE}."
    ]
    assert measured == [FULL]


def test_beside_a_gpu_no_threads_are_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    other_work(monkeypatch, SOME)
    (line,) = watched(monkeypatch, SLOWED, GPU)
    assert line.endswith(": other work keeps 1.4 of 2 cores busy. What helps: stop the other work.")


@pytest.mark.parametrize("found", [NONE, None])
def test_falling_behind_without_other_work_says_nothing_and_is_looked_into_once(
    found: OtherWork | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = other_work(monkeypatch, found)
    assert watched(monkeypatch, SLOWED) == []
    assert measured == [found]


def test_other_work_that_comes_after_unfreezing_is_compared_with_the_pace_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other_work(monkeypatch, NONE, FULL)
    (line,) = watched(monkeypatch, [[1.0] * 25, [2.0] * 25, [10.0] * 25])
    assert "fell from 0.50 to 0.10 batches a second" in line


def test_at_a_steady_pace_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = other_work(monkeypatch, FULL)
    assert watched(monkeypatch, [[2.0] * 25] * 4) == []
    assert watched(monkeypatch, [[2.0]] * 40) == []  # epochs of one batch, of which no time is known
    assert measured == []


def call(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(cli.main, [str(argument) for argument in arguments])


def warnings_in(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line for line in result.output.splitlines() if "other work" in line]


def test_check_says_that_its_estimate_was_measured_beside_other_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = written_suite(tmp_path)
    other_work(monkeypatch, FULL)
    result = call("check", suite)
    assert warnings_in(result) == [
        "warning: other work keeps 2.0 of 2 cores busy (load average 7.9), and the time was estimated beside it: a run "
        f"may take several times as long. What helps: stop the other work, or start the run with {PASSIVE} or {ONE}."
    ]
    assert result.output.splitlines()[-1].startswith("warning: ")
    other_work(monkeypatch, NONE)
    assert warnings_in(call("check", suite)) == []


def test_run_says_it_before_training_and_when_it_falls_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))  # so that the original is trained, too
    other_work(monkeypatch, SOME)
    monkeypatch.setattr(Pace, "add", lambda *_: Drop(1.66, 0.2))
    suite = written_suite(tmp_path, freeze_points=[22], evaluation={"drift": False})
    arguments = "run", suite, "-o", tmp_path / "runs"
    lines = warnings_in(call(*arguments))
    fell, go_on = "other work keeps 1.4 of 2 cores busy", "stop this run and let the same command go on"
    assert lines[:3] == [
        f"warning: pretraining fell from 1.66 to 0.20 batches a second: {fell}. What helps: stop the other work, or "
        f"{go_on} with {PASSIVE}.",
        f"warning: {fell}: this may take several times as long as without it. What helps: stop the other work, or stop "
        f"this run and start it again with {PASSIVE} or {ONE}.",
        f"warning: training fell from 1.66 to 0.20 batches a second: {fell}. What helps: stop the other work, or "
        f"{go_on} with {PASSIVE}.",
    ]
    assert all(line.startswith("warning: evaluation fell from 1.66 to 0.20 images a second") for line in lines[3:])
    assert len(lines) > 3
    assert warnings_in(call(*arguments)) == []  # complete: nothing is left to be slow


def test_a_run_that_has_begun_keeps_its_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other_work(monkeypatch, FULL)

    class StoppedError(Exception):
        pass

    def stop(*_: object) -> None:
        raise StoppedError

    monkeypatch.setattr(stages, "environment_of", stop)  # what is asked for next
    plan = make_plan(load_suite(written_suite(tmp_path)), device=CPU, train_originals=False)

    def said(folder: str, *, free_threads: bool = True) -> str:
        recorder = Recorder()
        with pytest.raises(StoppedError):
            run_plan(plan, tmp_path / folder, CPU, recorder, free_threads=free_threads)
        (line,) = recorder.lines
        return line

    assert ONE in said("new")
    assert "OMP_NUM_THREADS" not in said("again", free_threads=False)
    session = RunFolder(tmp_path / "begun" / "tiny" / plan.run_id()).session("tiny-yolov8", 0)
    session.mkdir(parents=True)
    (session / "epoch-001.json").touch()
    begun = said("begun")
    assert PASSIVE in begun
    assert "OMP_NUM_THREADS" not in begun
