"""What other work takes of the cores: decided with numbers, measured once on a process that is really busy."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace

import psutil
import pytest
import torch

from forgetbench import neighbours

# taken when this module is imported, before conftest puts a stand-in into its place
from forgetbench.neighbours import OtherWork, measure_other_work

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute on two cores of any number."""
    monkeypatch.setattr(neighbours, "cores_wanted", lambda _device: 2)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)


@pytest.fixture
def busy() -> Iterator[int]:
    """Keep a core busy with another process; gives its id."""
    command = [sys.executable, "-c", "print('on', flush=True)\nwhile True: pass"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.mark.parametrize(
    ("busy_cores", "cores", "slows"),
    [(0.0, 2, False), (0.4, 2, False), (0.5, 2, True), (2.0, 2, True), (5.9, 8, False), (6.5, 8, True), (1.0, 1, True)],
)
def test_other_work_slows_if_it_takes_half_a_core_of_those_wanted(
    busy_cores: float, cores: int, slows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "cores_wanted", lambda _device: min(2, cores))
    assert OtherWork(busy_cores, cores, None).slows(CPU) is slows


@pytest.mark.usefixtures("wanted")
def test_what_helps_depends_on_whether_the_run_is_new_and_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    passive = "OMP_WAIT_POLICY=passive (changes no number)"
    one = "OMP_NUM_THREADS=1 (changes last digits, so for a new run only)"
    full = OtherWork(2.0, 2, None)
    assert full.settings_that_help(CPU, new_run=True) == [passive, one]
    assert full.settings_that_help(CPU, new_run=False) == [passive]
    assert full.settings_that_help(GPU, new_run=True) == []
    assert OtherWork(0.5, 2, None).settings_that_help(CPU, new_run=True) == [passive]  # both cores are nearly free
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    assert full.settings_that_help(CPU, new_run=True) == [one]
    assert full.settings_that_help(CPU, new_run=False) == []
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.setattr(neighbours, "cores_wanted", lambda _device: 1)
    assert full.settings_that_help(CPU, new_run=True) == []  # one thread waits for nobody


def test_as_many_threads_are_advised_as_cores_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "cores_wanted", lambda _device: 8)
    (*_, threads) = OtherWork(5.1, 8, None).settings_that_help(CPU, new_run=True)
    assert threads.startswith("OMP_NUM_THREADS=3 ")


def test_it_is_said_in_cores_and_with_the_load_where_that_says_more() -> None:
    assert str(OtherWork(1.96, 2, 6.24)) == "other work keeps 2.0 of 2 cores busy (load average 6.2)"
    assert str(OtherWork(0.7, 2, 1.4)) == "other work keeps 0.7 of 2 cores busy"
    assert str(OtherWork(1.0, 1, None)) == "other work keeps 1.0 of 1 core busy"


def measured(
    monkeypatch: pytest.MonkeyPatch, everything: tuple[float, float], own: tuple[float, float]
) -> OtherWork | None:
    """Measure half a second in which the cores have worked and this process has, by their counters before and after."""
    counters = {"busy_seconds": iter(everything), "own_seconds": iter(own)}
    for name, values in counters.items():
        monkeypatch.setattr(neighbours, name, lambda values=values: next(values))
    clock = iter([10.0, 10.5])
    monkeypatch.setattr(neighbours, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: None))
    monkeypatch.setattr(neighbours, "available_cores", lambda: 2)
    monkeypatch.setattr(neighbours, "load_average", lambda: 3.0)
    return measure_other_work(0.5)


def test_what_this_process_took_is_not_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, (100, 100.75), (7, 7.25)) == OtherWork(1.0, 2, 3.0)
    assert measured(monkeypatch, (100, 100.75), (7, 8)) == OtherWork(0.0, 2, 3.0)  # ticks are coarser than our time
    assert measured(monkeypatch, (100, 102), (7, 7)) == OtherWork(2.0, 2, 3.0)
    assert measured(monkeypatch, (100, 100.5), (7, 3)) == OtherWork(1.0, 2, 3.0)  # a child ended and was not counted


def core(**seconds: float) -> SimpleNamespace:
    return SimpleNamespace(**{"user": 0.0, "system": 0.0, "idle": 50.0, **seconds})


def test_only_cores_this_process_may_use_count_and_waiting_is_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = [core(user=9, iowait=3), core(user=1, nice=2, system=4, irq=8, softirq=16, steal=32, iowait=64, guest=128)]
    monkeypatch.setattr(psutil, "cpu_times", lambda percpu: cores)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1}, raising=False)
    assert neighbours.busy_seconds() == 63
    monkeypatch.delattr(os, "sched_getaffinity")
    assert neighbours.busy_seconds() == 72


def refuses(*_: object, **__: object) -> None:
    raise PermissionError("/proc/stat")


def test_where_the_system_does_not_tell_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(psutil, "cpu_times", refuses)
        assert measure_other_work(0) is None
    with monkeypatch.context() as patch:  # a core that the system's table does not have
        patch.setattr(os, "sched_getaffinity", lambda _: {10**6}, raising=False)
        assert measure_other_work(0) is None
    monkeypatch.setattr(os, "getloadavg", refuses, raising=False)
    assert neighbours.load_average() is None
    monkeypatch.delattr(os, "getloadavg")
    assert neighbours.load_average() is None


def test_a_busy_process_is_seen(busy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil.Process, "children", lambda *_, **__: [])  # it passes for another's
    found = measure_other_work()
    assert found is not None
    assert 0.3 <= found.busy <= found.cores


def test_what_this_process_started_counts_as_its_own_also_after_it_ended(busy: int) -> None:
    before, child = neighbours.own_seconds(), psutil.Process(busy)
    enough, deadline = child.cpu_times().user + 0.3, time.monotonic() + 60
    while child.cpu_times().user < enough and time.monotonic() < deadline:
        time.sleep(0.05)
    during = neighbours.own_seconds()
    assert during - before >= 0.25
    child.kill()
    child.wait(10)
    assert neighbours.own_seconds() >= during
