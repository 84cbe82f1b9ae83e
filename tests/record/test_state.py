from pathlib import Path

import pytest
import torch

from forgetbench.errors import CorruptRunError
from forgetbench.record.journal import Journal
from forgetbench.record.state import States, load_state, save_state

CPU = torch.device("cpu")


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    save_state(tmp_path / "state.pt", {"epochs": 2, "tensors": [torch.tensor([1.5]), None], "why": None})
    state = load_state(tmp_path / "state.pt", CPU)
    assert state["epochs"] == 2
    assert torch.equal(state["tensors"][0], torch.tensor([1.5]))
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


@pytest.mark.parametrize("content", [b"", b"not a state"])
def test_a_damaged_state_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(CorruptRunError, match=r"state\.pt: the state to resume from is damaged\. Remove its folder"):
        load_state(tmp_path / "state.pt", CPU)


def test_a_state_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"model": Path}, tmp_path / "state.pt")
    with pytest.raises(CorruptRunError):
        load_state(tmp_path / "state.pt", CPU)


def test_the_newest_state_that_is_what_was_written_counts_and_is_alone(tmp_path: Path) -> None:
    journal, place = Journal(tmp_path), tmp_path / "sessions"
    place.mkdir()
    states = States(journal, place)
    assert states.newest(CPU) is None
    for epoch in (9, 10):
        states.add(epoch, {"epochs": epoch})
    assert [path.name for path in place.iterdir()] == ["state-010.pt"]
    assert States(Journal(tmp_path), place).newest(CPU) == {"epochs": 10}
    save_state(place / "state-010.pt", {"epochs": 11})
    assert States(Journal(tmp_path), place).newest(CPU) is None
    states.drop()
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["state-x.pt", "state-.pt", "state--1.pt", "mine.pt", "state-²³.pt", f"state-{'9' * 5000}"]
)
def test_what_is_not_called_a_state_is_none(tmp_path: Path, name: str) -> None:
    """A journal may come from anybody."""
    place = tmp_path / "sessions"
    place.mkdir()
    States(Journal(tmp_path), place).add(1, {"epochs": 1})
    with (tmp_path / "journal").open("a", encoding="utf-8") as file:
        file.write(f"{'a' * 64}  sessions/{name}\n")
    assert States(Journal(tmp_path), place).newest(CPU) == {"epochs": 1}
