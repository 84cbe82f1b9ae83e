"""What joint training leaves behind, and what of it is gone on from."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from support.factories import tiny_suite

from forgetbench.record.folder import RunFolder
from forgetbench.suite.load import suite_from_mapping
from forgetbench.sweep.session_files import SessionFiles
from forgetbench.train.epoch_record import EpochRecord

CPU = torch.device("cpu")
ARM: Any = SimpleNamespace(name="m-freeze22-seed0", model="m", seed=0)


def files(folder: Path) -> SessionFiles:
    suite = suite_from_mapping(tiny_suite(folder / "suite", evaluation={"every": 5000}, train={"epochs": 2000}))
    return SessionFiles(suite, [ARM], RunFolder(folder / "run"))


def state(epochs: int) -> dict[str, Any]:
    session = {"epochs": epochs, "learners": {ARM.name: {"epochs": epochs, "diverged": False}}}
    return {"session": session, "history": {ARM.name: []}}


def begun(folder: Path) -> SessionFiles:
    RunFolder(folder / "run").path.mkdir(parents=True)
    return files(folder)


def test_the_state_after_the_last_epoch_is_the_only_one(tmp_path: Path) -> None:
    kept = begun(tmp_path)
    for epoch in (1, 2, 3):
        kept.add(EpochRecord(epoch), state(epoch))
    assert [path.name for path in kept.place.glob("*.pt")] == ["state-003.pt"]
    assert files(tmp_path).state(CPU) == state(3)


def test_a_state_that_a_kill_left_unrecorded_gives_way_to_the_same_epochs_own(tmp_path: Path) -> None:
    kept = begun(tmp_path)
    kept.add(EpochRecord(1), state(1))
    (kept.place / "state-002.pt").write_bytes(b"in its place, and no line in the journal")
    again = files(tmp_path)
    assert again.state(CPU) == state(1)
    again.add(EpochRecord(2), state(2))
    assert files(tmp_path).state(CPU) == state(2)


def test_epochs_count_beyond_three_digits(tmp_path: Path) -> None:
    kept = begun(tmp_path)
    for epoch in range(1, 999):
        path = RunFolder(tmp_path / "run").record("m", 0, epoch)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    kept.add(EpochRecord(999), state(0))
    lines = (tmp_path / "run" / "journal").read_text(encoding="utf-8")
    last = (kept.place / "state-999.pt").read_bytes()
    kept.add(EpochRecord(1000), state(0))
    (kept.place / "state-999.pt").write_bytes(last)
    with (tmp_path / "run" / "journal").open("a", encoding="utf-8") as file:
        file.write(lines)  # as a kill leaves it before the state of the epoch before is dropped
    (kept.place / "state-1000.pt").write_bytes(b"damaged")
    assert files(tmp_path).state(CPU) is None


LEARNERS: list[Any] = [
    {}, [1], {ARM.name: {}}, {ARM.name: {"epochs": 1}}, {ARM.name: {"epochs": "1", "diverged": False}},
    {ARM.name: {"epochs": 2**60, "diverged": False}},
]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        {}, {**state(1), "session": None}, {**state(1), "history": None}, {**state(1), "history": {}},
        *({**state(1), "session": {"learners": learners}} for learners in LEARNERS),
    ],
)  # fmt: skip
def test_what_a_journal_vouches_for_and_is_no_state_is_not_gone_on_from(tmp_path: Path, content: Any) -> None:
    kept = begun(tmp_path)
    kept.add(EpochRecord(1), content)
    assert files(tmp_path).state(CPU) is None


@pytest.mark.parametrize("ended", [{}, {ARM.name: None}, {ARM.name: {"epochs": 2**60, "diverged": False}}, {"x": 1}])
def test_what_a_journal_vouches_for_and_is_no_end_is_not_taken_for_one(tmp_path: Path, ended: Any) -> None:
    kept = begun(tmp_path)
    kept.complete(ended)
    assert not files(tmp_path).are_complete()
