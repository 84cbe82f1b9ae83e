"""Shards: how they see each other at work, and who finishes the run."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from support.divided import differences, divided_plan, divided_suite
from support.finished_run import small_suite
from support.held import held_by_another, with_this_path
from support.recorder import Recorder

from forgetbench.errors import RunError, RunLockedError
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.progress import Silent
from forgetbench.record.job_files import job_place, jobs_held, mark_done, refuse_held_jobs
from forgetbench.record.lock import is_held
from forgetbench.sweep import shards
from forgetbench.sweep.executor import SeparateJob
from forgetbench.sweep.shards import run_shard
from forgetbench.sweep.shares import parse_shard
from forgetbench.sweep.standing import folder_of

CPU = torch.device("cpu")


class World:
    """A run of two seeds whose jobs are only marked as done, and which is finished by being counted."""

    def __init__(self, output: Path) -> None:
        self._output, self._told = output, Recorder()
        self._plan = make_plan(read_suite(small_suite(seeds=[0, 1]), ()), device=CPU, progress=Silent())
        self.run = folder_of(self._plan, output).path
        self.finished = 0
        self.look: Callable[[], object] = lambda: None

    @property
    def said(self) -> list[str]:
        return self._told.lines

    def shard(self, text: str) -> None:
        run_shard(self._plan, self._output, CPU, self._told, parse_shard(text, {}))

    def do(self, job: SeparateJob, plan: Plan, run: Path, *_: Any) -> None:
        self.look()
        mark_done(run, job.place, {})

    def finish(self, *_: Any) -> None:
        self.finished += 1


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    monkeypatch.setattr(shards, "do_apart", made.do)
    monkeypatch.setattr(shards, "finish", made.finish)
    return made


def test_a_shard_is_seen_at_work_between_its_jobs_too(world: World) -> None:
    seen: list[tuple[list[str], bool]] = []
    world.look = lambda: seen.append((jobs_held(world.run), is_held(world.run)))
    world.shard("1/2")
    assert seen == [(["shard-1-of-2"], False)] * 2  # the jobs of one of two seeds, each before its process holds it
    assert jobs_held(world.run) == []
    assert world.finished == 0
    assert "2 jobs are left to other shards: score-yolov8p-shapes-seed1, train-yolov8p-shapes-seed1" in world.said[-1]
    world.shard("2/2")
    assert world.finished == 1


def test_nobody_takes_the_whole_run_while_a_shard_is_between_two_jobs(world: World) -> None:
    def refused() -> None:
        with pytest.raises(RunLockedError, match=r"a part of this run \(shard-1-of-1\)"):
            refuse_held_jobs(world.run, patience=0)

    world.look = refused
    world.shard("1/1")
    assert world.finished == 1


def test_the_run_is_not_finished_while_another_is_still_at_work(world: World) -> None:
    world.shard("1/2")
    with held_by_another(job_place(world.run, "shard-9-of-9")):  # which does again what was done before
        world.shard("2/2")
        assert world.finished == 0
        assert "another process is still at work and is to finish: shard-9-of-9" in world.said[-1]
    world.shard("2/2")
    assert world.finished == 1


def test_a_shard_is_done_once_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.shard("1/2")
    with held_by_another(job_place(world.run, "shard-2-of-2")):
        clock = count(step=10)
        monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
        monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))
        with pytest.raises(RunLockedError, match=r"doing this part of the run \(shard-2-of-2\)"):
            world.shard("2/2")
    assert world.finished == 0


def test_a_shard_that_fails_is_not_at_work_any_more(world: World) -> None:
    def fail() -> None:
        raise RunError("no luck")

    world.look = fail
    with pytest.raises(RunError, match="no luck"):
        world.shard("1/1")
    assert jobs_held(world.run) == []
    assert not is_held(world.run)


@pytest.mark.usefixtures("charts_not_drawn")
def test_shards_in_any_order_give_the_bytes_of_one_process(divided_alone: Path, tmp_path: Path) -> None:
    for text in ("3/3", "2/3", "1/3"):
        told = Recorder()
        run = run_shard(divided_plan(), tmp_path, CPU, told, parse_shard(text, {})).path
        assert (run / "DONE").is_file() == (text == "1/3")
    assert differences(divided_alone, run) == []
    run_shard(divided_plan(), tmp_path, CPU, told, parse_shard("2/3", {}))  # which is begun again, though all is done
    assert any("already complete" in line for line in told.lines)


def test_tasks_of_a_slurm_array_do_a_run_between_them(divided_alone: Path, tmp_path: Path) -> None:
    suite = tmp_path / "divided.yaml"
    suite.write_text(json.dumps(divided_suite()), encoding="utf-8")
    command = [sys.executable, "-m", "forgetbench", "run", str(suite), "-o", str(tmp_path / "runs"), "--shard", "auto"]

    def task(number: int) -> subprocess.Popen[str]:
        array = {"ID": number, "MIN": 4, "MAX": 6, "COUNT": 2}
        variables = {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in array.items()}
        threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, env=with_this_path() | variables | threads, stdout=pipe, stderr=pipe, text=True
        )

    tasks = [task(6), task(4)]
    said = [process.communicate() for process in tasks]
    assert [process.returncode for process in tasks] == [0, 0], said
    (run,) = (tmp_path / "runs" / "divided").iterdir()
    assert sum("was the last, and finishes the run" in words for words, _ in said) == 1
    assert differences(divided_alone, run) == []
