from pathlib import Path

import pytest
import torch

from forgetbench.record.journal import remove_half_written
from forgetbench.train.parked import ParkedStates


def state(value: float) -> dict[str, object]:
    return {"weight": torch.full((3,), value), "stopped": None}


def test_states_come_back_as_they_were_parked_last(tmp_path: Path) -> None:
    parked = ParkedStates(tmp_path, ["a", "b"])
    assert not parked
    parked.park({"b": state(1)}, 1)
    parked.park({"a": state(2), "b": state(3)}, 2)
    assert {arm: parked[arm]["weight"][0].item() for arm in parked} == {"b": 3, "a": 2}
    assert {arm: found["weight"][0].item() for arm, found in parked.mapped().items()} == {"a": 2, "b": 3}
    assert len(list(tmp_path.iterdir())) == 2


def test_of_states_parked_together_all_count_or_none(tmp_path: Path) -> None:
    parked = ParkedStates(tmp_path, ["a", "b"])
    parked.park({"a": state(1), "b": state(1)}, 1)

    class NoMemory:
        def __reduce__(self) -> str:
            raise MemoryError

    with pytest.raises(MemoryError):
        parked.park({"a": state(2), "b": {**state(2), "more": NoMemory()}}, 2)
    assert [parked[arm]["weight"][0].item() for arm in ("a", "b")] == [1, 1]


def test_a_branch_stopped_while_it_is_parked_stays_stopped(tmp_path: Path) -> None:
    parked = ParkedStates(tmp_path, ["a", "b"])
    parked.park({"a": state(1), "b": state(1)}, 1)
    parked.stop("a", "enough")
    assert (parked["a"]["stopped"], parked["b"]["stopped"]) == ("enough", None)
    assert parked.mapped()["a"]["stopped"] == "enough"


def test_what_a_kill_leaves_goes_with_other_half_written_files(tmp_path: Path) -> None:
    parked = ParkedStates(tmp_path / "sessions", ["a"])
    parked.park({"a": state(1)}, 1)
    remove_half_written(tmp_path)
    assert not list((tmp_path / "sessions").iterdir())
    parked.drop()
    assert not parked
