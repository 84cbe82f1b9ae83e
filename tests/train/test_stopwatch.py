"""What work takes, by what it is for, on a clock that only work moves."""

import pytest
import torch

from forgetbench.train import stopwatch
from forgetbench.train.stopwatch import Stopwatch

CPU = torch.device("cpu")


class Clock:
    """A device's clock."""

    def __init__(self) -> None:
        self.now = 0.0

    def work(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(stopwatch, "moment", lambda _device: made.now)
    return made


def test_what_runs_inside_other_work_counts_for_itself_alone(clock: Clock) -> None:
    watch = Stopwatch(CPU)
    clock.work(100)
    for _ in range(2):
        with watch.timing("arm"):
            clock.work(1)
            with watch.timing("shared"):
                clock.work(10)
            clock.work(2)
        clock.work(50)
        with watch.timing("other"):
            clock.work(4)
    assert watch.take() == {"arm": 6, "shared": 20, "other": 8}
    assert watch.take() == {}


def test_work_that_fails_ends_there(clock: Clock) -> None:
    watch = Stopwatch(CPU)
    with pytest.raises(ValueError), watch.timing("arm"):
        clock.work(3)
        raise ValueError
    clock.work(5)
    with watch.timing("next"):
        clock.work(1)
    assert watch.take() == {"arm": 3, "next": 1}


def test_ends_are_looked_at_late_but_not_for_ever(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = list[float]()

    def between(start: float, end: float) -> float:
        looked_at.append(end)
        return end - start

    monkeypatch.setattr(stopwatch, "seconds_between", between)
    monkeypatch.setattr(stopwatch, "MOST_OPEN", 2)
    watch = Stopwatch(CPU)
    for _ in range(4):
        with watch.timing("arm"):
            clock.work(1)
    assert looked_at == [1, 2]
    assert watch.take() == {"arm": 4}
    assert looked_at == [1, 2, 3, 4]
