"""Memory that runs out while arms train together: they take turns, and leave what they leave where there is room."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import written_suite
from support.trained import left, train
from support.trouble import NO_MEMORY, SmallMemory
from torch import Tensor

from forgetbench.errors import RunError
from forgetbench.model.checkpoint import CheckpointInfo, save_checkpoint
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.record.rows.training import MemoryRow
from forgetbench.suite.load import load_suite
from forgetbench.sweep import train_sessions

CPU = torch.device("cpu")
#: Arms of several freeze points, schedules and losses, each with a state of its own.
ARMS = [
    {"name": "slowly", "freeze_point": "all-but-head", "strategy": {"unfreeze": {2: "backbone"}}},
    {"name": "near", "freeze_point": "backbone", "strategy": {"l2-sp": 0.1}},
    {"name": "patient", "freeze_point": "backbone", "train": {"patience": 1, "optimizer": "SGD", "warmup_epochs": 1}},
]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    suite = written_suite(
        tmp_path_factory.mktemp("suite"), freeze_points=["all-but-head", "none"], arms=ARMS,
        train={"epochs": 3, "imgsz": 64, "nbs": 8, "warmup_epochs": 0, "augment": {"multi_scale": 0.5}},
        evaluation={"every": 1},
    )  # fmt: skip
    return make_plan(load_suite(suite), device=CPU, train_originals=False)


@pytest.fixture(scope="module")
def roomy(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What training leaves where there is room for all."""
    path = tmp_path_factory.mktemp("roomy") / "run"
    assert train(plan, path) == []
    found = left(path)
    assert found["sessions/tiny-yolov8-seed0/complete.json"]["tiny-yolov8-patient-seed0"]["epochs"] == 2
    return found


@pytest.mark.parametrize(
    ("most", "place", "kind", "after"),
    [
        (3, "growing", "cuda", 0),
        (2, "measuring", "python", 0),
        (3, "beginning", "cpu", 7),  # in the second epoch
        (1, "backward", "cublas", 17),  # midway in the second epoch
        (1, "saving", "cuda", 8),  # when some checkpoints of the epoch are there
    ],
)
def test_arms_that_take_turns_leave_the_same(
    plan: Plan, roomy: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, place: str,
    kind: str, after: int,
) -> None:  # fmt: skip
    memory = SmallMemory(monkeypatch, most, place, kind, after=after)
    said = train(plan, tmp_path / "run")
    assert memory.ran_out == len(said) > 0
    assert all("take turns" in line and "the same numbers" in line for line in said)
    assert left(tmp_path / "run") == roomy


@pytest.mark.parametrize(("epoch", "most"), [(1, 2), (2, None)])
def test_an_interrupted_run_goes_on_to_the_same_whether_there_is_room_then_or_not(
    plan: Plan, roomy: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int, most: int | None
) -> None:
    with monkeypatch.context() as patch:
        SmallMemory(patch, 3, "backward")
        run_until(plan, tmp_path / "run", epoch, patch)
    memory = None if most is None else SmallMemory(monkeypatch, most, "backward")
    said = train(plan, tmp_path / "run")
    assert said[0] == f"info: resuming tiny-yolov8-seed0 after epoch {epoch}"
    assert len(said) - 1 == (0 if memory is None else memory.ran_out)
    assert left(tmp_path / "run") == roomy


class EndedError(Exception):
    """The process ends here."""


def run_until(plan: Plan, path: Path, epoch: int, patch: pytest.MonkeyPatch) -> None:
    """Train until a checkpoint of the next epoch is about to be written, and then as if the process ended."""

    def ended(place: Path, info: CheckpointInfo, tensors: Mapping[str, Tensor]) -> None:
        if info.epoch > epoch:
            raise EndedError
        save_checkpoint(place, info, tensors)

    patch.setattr(train_sessions, "save_checkpoint", ended)
    with pytest.raises(EndedError):
        train(plan, path)


@pytest.mark.parametrize("kind", ["cuda", "python"])
def test_an_arm_that_does_not_fit_alone_is_named_with_the_batch_that_would(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    SmallMemory(monkeypatch, 0, "stepping", kind, only="near")  # the first step's backward pass is measured by then
    kinds: list[str] = []

    def fits(rows: Sequence[MemoryRow], free: int, side: int) -> int:
        kinds.extend(row.kind for row in rows)
        return 2 if free > 0 and side == 96 else 0

    monkeypatch.setattr(train_sessions, "batch_that_fits", fits)
    with pytest.raises(RunError, match=r"near-seed0: does not fit into memory, even alone") as raised:
        train(plan, tmp_path / "run")
    said = str(raised.value)
    assert "expected room for batches of 4 images of up to 96 px" in said
    assert "By what was measured, about 2 fit: --set train.batch=2;" in said
    assert "saved_for_backward" in kinds
    assert "another run, with other numbers" in said
    assert "goes on where it stopped" in said


@pytest.mark.parametrize(("free", "says"), [(0, "not even one fits"), (10**12, "It would fit by what was measured")])
def test_of_the_batch_no_more_is_said_than_was_measured(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, says: str
) -> None:
    SmallMemory(monkeypatch, 0, "stepping", only="near")
    monkeypatch.setattr(train_sessions, "free_memory", lambda _: free)
    with pytest.raises(RunError, match=says):
        train(plan, tmp_path / "run")


def test_where_nothing_was_measured_no_batch_is_named(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SmallMemory(monkeypatch, 0, "growing")
    with pytest.raises(RunError, match=r"A smaller train\.batch needs less; that is another run") as raised:
        train(plan, tmp_path / "run")
    assert "--set" not in str(raised.value)


def test_what_earlier_epochs_measured_counts_after_an_interruption(
    plan: Plan, roomy: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        run_until(plan, path, 1, patch)
    with monkeypatch.context() as patch:
        SmallMemory(patch, 0, "growing", only="near")
        patch.setattr(train_sessions, "free_memory", lambda _: 10**12)
        with pytest.raises(RunError, match=r"near-seed0.*It would fit by what was measured"):
            train(plan, path)
    train(plan, path)
    assert left(path) == roomy


def test_another_error_is_not_taken_for_want_of_memory(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NO_MEMORY, "cuda", RuntimeError("CUDA error: an illegal memory access was encountered"))
    SmallMemory(monkeypatch, 1, "backward")
    with pytest.raises(RuntimeError, match="illegal memory access"):
        train(plan, tmp_path / "run")
