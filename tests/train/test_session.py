from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from support.factories import drawn_dataset, quick_train, tiny_original
from support.trouble import poison
from torch import Tensor

from forgetbench.errors import CorruptRunError, FrozenChangedError
from forgetbench.model.parts import Parts
from forgetbench.suite.schema import Logging
from forgetbench.suite.train_section import Train
from forgetbench.train.epoch_record import EpochRecord
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession

CPU = torch.device("cpu")


def session(
    folder: Path, points: list[int], train: Train | None = None, *, seed: int = 0, family: str = "yolov8"
) -> TrainingSession:
    original, train = tiny_original(family), train or quick_train()
    return TrainingSession(
        original,
        {f"f{point}": Recipe(Parts(original), point, train) for point in points},
        drawn_dataset(folder),
        train,
        seed=seed,
        device=CPU,
        logging=Logging(),
    )


def finished(made: TrainingSession) -> list[EpochRecord]:
    return list(made.epochs())


def largest_difference(first: dict[str, Tensor], second: dict[str, Tensor]) -> float:
    assert first.keys() == second.keys()
    return max(float((first[key].double() - second[key].double()).abs().max()) for key in first)


@pytest.mark.parametrize(("family", "points"), [("yolov8", [22, 15, 10, 0]), ("yolov10", [23, 11])])
def test_a_branch_trained_with_others_equals_the_branch_trained_alone(
    tmp_path: Path, family: str, points: list[int]
) -> None:
    together = session(tmp_path, points, family=family)
    joint = finished(together)
    for point in points[1:]:
        alone = session(tmp_path, [point], family=family)
        single = finished(alone)
        arm = f"f{point}"
        for one, many in zip(single, joint, strict=True):
            assert one.step_losses[arm] == pytest.approx(many.step_losses[arm], abs=1e-4)
        tensors = (made.learners[arm].checkpoint_tensors() for made in (alone, together))
        assert largest_difference(*tensors) <= 1e-5


def test_training_moves_owned_modules_and_no_others(tmp_path: Path) -> None:
    made = session(tmp_path, [22, 10])
    before = {arm: {k: v.clone() for k, v in made.learners[arm].branch.state().items()} for arm in ("f22", "f10")}
    frozen = {k: v.clone() for k, v in made.original.model.state_dict().items()}
    finished(made)
    assert largest_difference(frozen, made.original.model.state_dict()) == 0
    for arm, old in before.items():
        moved = {key for key, value in made.learners[arm].branch.state().items() if not torch.equal(value, old[key])}
        assert not any(".dfl." in key for key in moved)  # the bins of the box distribution are constants
        # no object here is large enough for the coarser levels' box stacks to get a gradient
        resting = {key for key in old.keys() - moved if ".dfl." not in key}
        assert all(key.startswith(("model.22.cv2.1.", "model.22.cv2.2.")) for key in resting)


@pytest.mark.parametrize(("family", "points"), [("yolov8", [22, 10]), ("yolov10", [23, 0])])
def test_resuming_after_an_epoch_equals_going_on(tmp_path: Path, family: str, points: list[int]) -> None:
    train = quick_train(epochs=3, nbs=16)  # gradients accumulate across epochs
    whole = session(tmp_path, points, train, family=family)
    finished(whole)
    first = session(tmp_path, points, train, family=family)
    epochs = first.epochs()
    next(epochs)
    torch.save(first.state(), tmp_path / "state.pt")
    epochs.close()
    second = session(tmp_path, points, train, family=family)
    second.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert [record.epoch for record in second.epochs()] == [2, 3]
    for arm in whole.learners:
        whole_tensors, resumed = (made.learners[arm].checkpoint_tensors() for made in (whole, second))
        assert largest_difference(whole_tensors, resumed) == 0


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda state: state["learners"]["f10"].pop(key)


def other(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda state: state["learners"]["f10"].update({key: value})


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.clear(),
        lambda state: state.update(learners={"f22": state["learners"]["f22"]}),
        lambda state: state.update(learners={"f22": state["learners"]["f22"], "f10": state["learners"]["f22"]}),
        lambda state: state.update(learners=[1, 2]),
        *map(without, ("owned", "ema", "optimizer", "gradients", "scaler", "steps", "made", "strategies")),
        other("owned", {}), other("ema", None), other("optimizer", {"state": {}}), other("gradients", []),
        other("gradients", [1.0] * 50), other("made", 5), other("owned", {"x": torch.zeros(3)}),
    ],
)  # fmt: skip
def test_a_state_of_another_training_is_refused(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    made = session(tmp_path, [22, 10])
    state = made.state()
    change(state)
    with pytest.raises(CorruptRunError, match=r"the state to resume from is of another training; found .*Error"):
        made.restore(state)


def test_no_room_for_a_state_is_not_taken_for_another_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = session(tmp_path, [22])
    error = torch.OutOfMemoryError("CUDA out of memory")
    monkeypatch.setattr(made.learners["f22"], "restore", Mock(side_effect=error))
    with pytest.raises(torch.OutOfMemoryError):
        made.restore(made.state())


def test_seeds_differ_and_repeat(tmp_path: Path) -> None:
    losses = [finished(session(tmp_path, [22], seed=seed))[0].step_losses["f22"] for seed in (0, 0, 1)]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


def test_a_branch_that_diverges_does_not_touch_the_others(tmp_path: Path) -> None:
    made = session(tmp_path, [22, 10])
    poison(made.learners["f10"])
    records = finished(made)
    assert made.learners["f10"].stopped == "weights were no longer finite after epoch 1"
    assert "f10" not in records[1].losses
    alone = session(tmp_path, [22])
    finished(alone)
    tensors = (each.learners["f22"].checkpoint_tensors() for each in (made, alone))
    assert largest_difference(*tensors) == 0


def test_when_every_branch_has_diverged_training_ends(tmp_path: Path) -> None:
    made = session(tmp_path, [22, 10])
    for arm in ("f22", "f10"):
        poison(made.learners[arm])
    assert [record.epoch for record in finished(made)] == [1]
    assert all(learner.diverged for learner in made.learners.values())


def test_a_frozen_module_that_changes_stops_training(tmp_path: Path) -> None:
    made = session(tmp_path, [22])

    def meddle(_epoch: int, _done: int) -> None:
        made.original.modules[5].state_dict()["bn.running_var"][0] += 1

    with pytest.raises(FrozenChangedError, match=r"model\.5"):
        list(made.epochs(meddle))


def test_records_hold_what_was_measured(tmp_path: Path) -> None:
    made = session(tmp_path, [22, 10])
    records = finished(made)
    rows = [row for record in records for row in record.gradients]
    frozen = [row for row in rows if row.arm == "f22" and row.module != "model.22"]
    trained = [row for row in rows if row.arm == "f22" and row.module == "model.22"]
    assert {row.norm for row in frozen} == {row.update_norm for row in frozen} == {None}
    assert {row.module for row in frozen} == {f"model.{i}" for i in (*range(10), 12, 15, 16, 18, 19, 21)}
    assert [row.step for row in trained] == [1, 2, 3, 4]
    assert all(row.norm and row.norm > 0 and row.weight_norm for row in trained)
    assert trained[0].update_norm == 0  # warm-up starts at a rate of 0
    assert all(row.update_norm for row in trained[1:])
    memory = {(row.arm, row.kind): row.bytes for row in records[0].memory}
    assert memory["f22", "max_allocated"] is None
    assert 0 < by(memory, "f22", "saved_for_backward") < by(memory, "f10", "saved_for_backward")
    assert by(memory, "f22", "parameters") == by(memory, "f10", "parameters")
    owned = sum(p.numel() for p in made.learners["f10"].branch.owned.parameters() if p.requires_grad)
    assert by(memory, "f10", "gradients") == 4 * owned
    assert by(memory, "f10", "optimizer") >= 8 * owned  # AdamW: two moments
    assert records[1].memory == []
    shared = [row for row in records[0].times if row.arm == ""]
    assert len(shared) == 1
    assert shared[0].utilisation is None


def by(memory: dict[tuple[str, str], Any], arm: str, kind: str) -> int:
    value = memory[arm, kind]
    assert isinstance(value, int)
    return value


def test_nothing_is_logged_when_the_suite_says_so(tmp_path: Path) -> None:
    original, train = tiny_original(), quick_train(epochs=1)
    made = TrainingSession(
        original,
        {"a": Recipe(Parts(original), 22, train)},
        drawn_dataset(tmp_path),
        train,
        seed=0,
        device=CPU,
        logging=Logging(gradients=False, memory=False),
    )
    record = finished(made)[0]
    assert record.gradients == []
    assert record.memory == []
