"""Jobs that could not be done: what is told of them, and which error ends the run."""

import pytest
from support.recorder import Recorder

from forgetbench.errors import DivergedError, RunError
from forgetbench.sweep.executors.failures import Failures


@pytest.mark.parametrize("not_begun", [0, 3])
def test_without_a_failure_nothing_is_raised(not_begun: int) -> None:
    told = Recorder()
    Failures(told).raise_first(not_begun)
    assert told.lines == []


def test_the_first_error_is_raised_as_it_is_and_each_is_told_at_once() -> None:
    told = Recorder()
    failures = Failures(told)
    first = DivergedError("no finite loss", where="arm a", fix="Lower lr0.")
    failures.add("train m, seed 0", first)
    assert told.lines == [
        "warning: train m, seed 0 could not be done, and others go on. arm a: no finite loss. Lower lr0."
    ]
    failures.add("train m, seed 1", ValueError("odd"))
    assert told.lines[1] == "warning: train m, seed 1 could not be done, and others go on. ValueError: odd"
    with pytest.raises(DivergedError) as caught:
        failures.raise_first(2)
    assert caught.value is first
    assert told.lines[2:] == [
        "warning: 2 jobs could not be done, and 2 that rest on them were not begun; the same command does them"
    ]


def test_one_failure_alone_is_not_counted() -> None:
    told = Recorder()
    failures = Failures(told)
    failures.add("train m, seed 0", RunError("no luck"))
    with pytest.raises(RunError, match="no luck"):
        failures.raise_first(0)
    assert len(told.lines) == 1


def test_one_failure_and_what_rests_on_it_is_counted() -> None:
    told = Recorder()
    failures = Failures(told)
    failures.add("train m, seed 0", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        failures.raise_first(1)
    assert told.lines[1:] == [
        "warning: 1 job could not be done, and 1 that rest on them were not begun; the same command does them"
    ]
