"""Branches that take turns; what a run keeps of that is in `tests/sweep/test_short_memory.py`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from support.sessions import session
from support.trouble import SmallMemory

from forgetbench.train.groups import GroupTraining, NoRoomError
from forgetbench.train.learner import Learner
from forgetbench.train.session import TrainingSession

CPU = torch.device("cpu")
POINTS = {"a": 22, "b": 15, "c": 10}


class Training:
    """A training of three branches with what it said and kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[list[str]] = []
        self.told: list[tuple[int, int]] = []
        self.said: list[str] = []
        self.seen: list[tuple[int, list[str]]] = []
        self.state: dict[str, Any] | None = None
        self.groups = GroupTraining(
            list(POINTS), self.make, place=folder / "parked", last_state=lambda: self.state, device=CPU,
            warn=self.said.append,
        )  # fmt: skip

    def make(self, arms: Sequence[str]) -> TrainingSession:
        self.made.append(list(arms))
        return session(self.folder / "images", {arm: (POINTS[arm], []) for arm in arms})

    def after(self, learners: Mapping[str, Learner], epoch: int) -> None:
        self.seen.append((epoch, list(learners)))

    def run(self, stop: str | None = None) -> None:
        for record in self.groups.epochs(2, lambda epoch, done: self.told.append((epoch, done)), self.after):
            if stop is not None and record.epoch == 1:
                self.groups.stop(stop, "enough")
            torch.save(self.groups.state(), self.folder / "state.pt")
            self.state = torch.load(self.folder / "state.pt", weights_only=True)


def test_with_room_for_all_there_is_one_session(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.run()
    assert training.made == [["a", "b", "c"]]
    assert training.told == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert training.said == []


def test_a_session_is_split_as_often_as_need_be_and_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(tmp_path)
    SmallMemory(monkeypatch, 1, "beginning")
    training.run()
    assert training.made == [["a", "b", "c"], ["a"], ["b", "c"], ["b"], ["c"], ["a"], ["b"], ["c"]]
    assert training.seen == [(epoch, [arm]) for epoch in (1, 2) for arm in "abc"]
    assert len(training.said) == 2
    assert [epoch for epoch, _ in training.told] == sorted(epoch for epoch, _ in training.told)
    assert max(done for _, done in training.told) == 2  # batches of the epoch, whoever has its turn
    assert len(list((tmp_path / "parked").iterdir())) == 3
    training.groups.close()
    assert not list((tmp_path / "parked").iterdir())


def test_who_stopped_gets_no_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(tmp_path)
    SmallMemory(monkeypatch, 1, "beginning")
    training.run(stop="b")
    assert training.seen == [(1, ["a"]), (1, ["b"]), (1, ["c"]), (2, ["a"]), (2, ["c"])]
    assert training.groups.endings()["b"]["stopped"] == "enough"
    assert training.state is not None
    assert training.state["learners"]["b"]["stopped"] == "enough"


def test_one_that_does_not_fit_alone_is_named_with_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path)
    SmallMemory(monkeypatch, 0, "stepping", only="b")
    with pytest.raises(NoRoomError) as raised:
        training.run()
    assert raised.value.arm == "b"
    assert {row.arm for row in raised.value.rows} == {"b"}
    assert "saved_for_backward" in {row.kind for row in raised.value.rows}
    assert training.seen == [(1, ["a"])]
