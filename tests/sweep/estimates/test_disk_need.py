"""Room on the disk: counted before a run, watched while it runs, and never used up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from support.called import call
from support.disk import disk_of, disk_with
from support.factories import written_suite

import forgetbench
from forgetbench.errors import RunError
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.progress import Level
from forgetbench.record.folder import RunFolder
from forgetbench.room import RESERVE
from forgetbench.suite.load import load_suite
from forgetbench.sweep.estimates.disk_need import REST_BYTES, disk_need, disk_need_left, state_bytes

pytestmark = pytest.mark.usefixtures("charts_not_drawn")
PLENTY = 10**12


def small_plan(folder: Path, **changes: Any) -> tuple[Path, Plan]:
    suite = written_suite(folder, model="yolov8p-shapes.safetensors", **{"freeze_points": [22, 10], **changes})
    return suite, make_plan(load_suite(suite), device=torch.device("cpu"))


class Watching:
    """Calls a function with each message and the name of each task."""

    def __init__(self, look: Callable[[str], None]) -> None:
        self.look = look

    def message(self, text: str, level: Level = "info") -> None:
        self.look(text)

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
        self.look(name)
        yield lambda _done, _state: None


def tables_of(run: Path) -> dict[str, bytes]:
    files = [*run.glob("*.csv"), *run.glob("checkpoints/*/*"), *run.glob("detections/*")]
    return {str(path.relative_to(run)): path.read_bytes() for path in files if path.name != "times.csv"}


def test_a_run_takes_no_more_than_was_counted(tmp_path: Path) -> None:
    suite, plan = small_plan(tmp_path, seeds=[0, 1])
    need, states, steps = disk_need(plan), list[int](), list[int]()
    bound = state_bytes(plan, [arm for arm in plan.arms if arm.seed == 0])
    run = tmp_path / "runs" / "tiny" / plan.run_id()

    def look(text: str) -> None:
        if text.startswith("epoch "):
            states.extend(path.stat().st_size for path in run.rglob("state-*.pt"))
        steps.append(disk_need_left(plan, RunFolder(run)) if run.is_dir() else need.most)

    forgetbench.run(suite, output=tmp_path / "runs", progress=Watching(look))
    assert states
    assert max(states) <= bound <= 3 * max(states)
    there = [path for place in ("checkpoints", "detections") for path in (run / place).rglob("*.safetensors")]
    taken = sum(path.stat().st_size for path in there)
    whole = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert whole <= need.kept < need.scoring <= need.most
    assert (need.kept - REST_BYTES) / 2 < taken
    assert steps[0] == need.most
    assert steps[-1] == max(0, need.scoring - taken)


def test_more_arms_and_epochs_take_more(tmp_path: Path) -> None:
    _, plain = small_plan(tmp_path)
    _, longer = small_plan(tmp_path, train={"epochs": 8})
    _, wider = small_plan(tmp_path, freeze_points=[22, 10, 0])
    for other in (longer, wider):
        assert disk_need(other).kept > disk_need(plain).kept
        assert disk_need(other).training > disk_need(plain).training


def test_a_run_that_does_not_fit_is_refused_in_one_line_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, plan = small_plan(tmp_path)
    disk_with(monkeypatch, disk_need(plan).most + RESERVE - 1)
    done = call("run", suite, "-o", tmp_path / "runs")
    assert done.exit_code == 1
    (line,) = [line for line in done.stderr.splitlines() if "warning" not in line]
    assert line.startswith(
        f"error: {tmp_path / 'runs' / 'tiny' / plan.run_id()}: not enough room on the disk; expected "
    )
    assert "for this run at most, as estimated" in line
    assert line.endswith("then run the same command again: it goes on where it stopped.")
    assert not (tmp_path / "runs").exists()


def test_a_run_stops_before_the_disk_is_full_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite, plan = small_plan(tmp_path)
    whole = forgetbench.run(suite, output=tmp_path / "whole").path
    free = disk_need(plan).most + RESERVE  # which is just enough
    run = tmp_path / "runs" / "tiny" / plan.run_id()
    disk_of(monkeypatch, lambda _: free)

    def others_write(moment: str) -> Callable[[str], None]:
        def look(text: str) -> None:
            nonlocal free
            if text.startswith(moment):
                free = RESERVE - 1

        return look

    said = {
        "epoch 1, ": "the weights after an epoch and the state to resume from",
        "evaluating": "the detections that were found",
    }
    stopped_at = []
    for moment, what in said.items():
        with pytest.raises(RunError, match=f"not enough room on the disk; expected .* for {what}, and "):
            forgetbench.run(suite, output=tmp_path / "runs", progress=Watching(others_write(moment)))
        assert not list(run.rglob(".*.part"))
        (status,) = forgetbench.runs(tmp_path / "runs")
        stopped_at.append((status.state, status.detail))
        with pytest.raises(RunError, match="at most, as estimated"):
            forgetbench.run(suite, output=tmp_path / "runs")
        free = PLENTY
    assert forgetbench.run(suite, output=tmp_path / "runs").path == run
    assert stopped_at == [("stopped", "training yolov8p-shapes, seed 0: 1 of 2 epochs"), ("stopped", "scoring")]
    assert tables_of(run) == tables_of(whole)


def test_a_finished_run_needs_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite, _ = small_plan(tmp_path, freeze_points=[22], train={"epochs": 1})
    run = forgetbench.run(suite, output=tmp_path / "runs")
    disk_with(monkeypatch, 0)
    assert forgetbench.run(suite, output=tmp_path / "runs").path == run.path


@pytest.mark.usefixtures("nothing_rehearsed")
def test_check_warns_of_what_run_would_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    suite, plan = small_plan(tmp_path)
    disk_with(monkeypatch, disk_need(plan).most + RESERVE)
    assert "of the disk for a time" not in call("check", suite).output
    disk_with(monkeypatch, disk_need(plan).most + RESERVE - 1)
    done = call("check", suite)
    assert done.exit_code == 0
    assert "of the disk for a time, and only " in done.output
