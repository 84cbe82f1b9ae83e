"""Which jobs are begun: each after those that it names, whatever becomes of others."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from support.recorder import Recorder

from forgetbench.errors import RunError
from forgetbench.sweep.executor import Site
from forgetbench.sweep.executors.schedule import Schedule


@dataclass(frozen=True)
class Piece:
    """A job of a name."""

    name: str
    after: Sequence[str] = ()
    reads: Sequence[str] = ()

    @property
    def place(self) -> str:
        return self.name

    def do(self, site: Site) -> None:
        raise AssertionError("nobody does it here")


A, B, AFTER_A, AFTER_BOTH = Piece("a"), Piece("b"), Piece("c", ("a",)), Piece("d", ("a", "b"))
ALL = [A, AFTER_A, B, AFTER_BOTH]


def test_jobs_are_begun_in_order_once_what_they_rest_on_is_done() -> None:
    schedule = Schedule(ALL, (), Recorder())
    assert schedule.take_ready() == [A, B]
    assert schedule.take_ready() == []
    schedule.note(A, None)
    assert schedule.take_ready() == [AFTER_A]
    schedule.note(B, None)
    assert schedule.take_ready() == [AFTER_BOTH]
    schedule.note(AFTER_BOTH, None)
    schedule.note(AFTER_A, None)
    assert schedule.take_ready() == []
    schedule.raise_first_failure()


def test_no_more_are_begun_than_there_is_room_for() -> None:
    schedule = Schedule(ALL, (), Recorder())
    assert schedule.take_ready(0) == []
    assert schedule.take_ready(1) == [A]
    schedule.note(A, None)
    assert schedule.take_ready(1) == [AFTER_A]
    assert schedule.take_ready(5) == [B]


def test_what_was_done_before_is_not_begun_again() -> None:
    schedule = Schedule(ALL, {"a", "d", "no-job"}, Recorder())
    assert schedule.take_ready() == [AFTER_A, B]


def test_what_does_not_rest_on_a_failure_is_begun_all_the_same() -> None:
    told = Recorder()
    schedule = Schedule(ALL, (), told)
    assert schedule.take_ready(1) == [A]
    schedule.note(A, RunError("no luck", where="a"))
    assert "a could not be done, and others go on. a: no luck" in told.lines[0]
    assert schedule.take_ready() == [B]
    schedule.note(B, None)
    assert schedule.take_ready() == []
    with pytest.raises(RunError, match="a: no luck"):
        schedule.raise_first_failure()
    assert "1 job could not be done, and 2 that rest on them were not begun" in told.lines[-1]
