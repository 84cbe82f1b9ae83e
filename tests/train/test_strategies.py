"""Strategies in training: what moves, what rests to the last bit, and how far."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import CLASSES, drawn_dataset, quick_train, tiny_original
from torch import Tensor

from forgetbench.errors import FrozenChangedError
from forgetbench.model.parts import Parts
from forgetbench.model.targets import SharedTargets
from forgetbench.suite.schema import Logging
from forgetbench.suite.train_section import Train
from forgetbench.train.regime import Regime
from forgetbench.train.session import TrainingSession
from forgetbench.train.strategies import make_strategies


def session(
    folder: Path,
    arms: dict[str, tuple[int, dict[str, Any]]],
    train: Train | None = None,
    family: str = "yolov8",
) -> TrainingSession:
    original, train = tiny_original(family), train or quick_train()
    parts = Parts(original)
    regimes = {
        name: Regime(parts, point, train, strategies=make_strategies(strategy, parts, name))
        for name, (point, strategy) in arms.items()
    }
    return TrainingSession(
        original, regimes, drawn_dataset(folder), train, seed=0, device=torch.device("cpu"), logging=Logging()
    )


def state(made: TrainingSession, arm: str) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in made.learners[arm].branch.state().items()}


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}


@pytest.mark.parametrize(
    ("family", "strategy"),
    [
        ("yolov8", {"only": ["class"]}),
        ("yolov8", {"only": ["batchnorm-affine"]}),
        ("yolov8", {"only": ["batchnorm-statistics", "*.cv3.*.bias"]}),
        ("yolov8", {"freeze": ["12-21", "box"]}),
        ("yolov10", {"only": ["one-to-one"]}),
    ],
)
def test_only_what_a_strategy_lets_train_moves(tmp_path: Path, family: str, strategy: dict[str, Any]) -> None:
    made = session(tmp_path, {"a": (10, strategy)}, family=family)
    learner = made.learners["a"]
    before = state(made, "a")
    for _ in made.epochs():
        pass
    trained = learner.regime.ever_trained
    changed = moved(before, learner.branch.state())
    assert changed
    assert changed <= trained
    # what rests is in the checkpoint to the last bit, though the moving average passed over it
    stored = learner.checkpoint_tensors()
    assert moved(before, {name: tensor for name, tensor in stored.items() if name not in trained}) == set()
    assert moved(before, stored)


def test_statistics_of_a_frozen_layer_rest_though_others_train(tmp_path: Path) -> None:
    made = session(tmp_path, {"a": (12, {"freeze": ["batchnorm-statistics"]}), "b": (12, {})})
    before = {arm: state(made, arm) for arm in ("a", "b")}
    for _ in made.epochs():
        pass
    for arm, rests in (("a", True), ("b", False)):
        changed = moved(before[arm], made.learners[arm].branch.state())
        assert "model.12.cv1.conv.weight" in changed
        assert ("model.12.cv1.bn.running_mean" not in changed) == rests


def test_a_module_unfrozen_later_rests_until_then(tmp_path: Path) -> None:
    made = session(tmp_path, {"a": (22, {"unfreeze": {2: 18}})})
    before = state(made, "a")
    records = []
    for record in made.epochs():
        records.append(record)
        changed = moved(before, made.learners["a"].branch.state())
        stored = moved(before, made.learners["a"].checkpoint_tensors())
        assert {int(name.split(".")[1]) for name in changed} == ({22} if record.epoch == 1 else {18, 19, 21, 22})
        assert {int(name.split(".")[1]) for name in stored} == ({22} if record.epoch == 1 else {18, 19, 21, 22})
    norms = {(row.epoch, row.module): row.norm for record in records for row in record.gradients}
    assert norms[1, "model.21"] is None
    assert norms[2, "model.21"] is not None
    held = [{row.kind: row.bytes for row in record.memory} for record in records]
    assert (held[0]["gradients"] or 0) < (held[1]["gradients"] or 0)
    assert (held[0]["optimizer"] or 0) < (held[1]["optimizer"] or 0)


def test_a_strategy_trained_with_others_equals_it_trained_alone_and_resumed(tmp_path: Path) -> None:
    arms: dict[str, tuple[int, dict[str, Any]]] = {
        "gradual": (22, {"unfreeze": {2: 15, 3: 10}}),
        "near": (15, {"l2-sp": 0.1, "layerwise": 0.5}),
        "plain": (0, {}),
    }
    train = quick_train(epochs=3)
    joint = session(tmp_path, arms, train)
    for _ in joint.epochs():
        pass
    for arm in ("gradual", "near"):
        alone = session(tmp_path, {arm: arms[arm]}, train)
        epochs = alone.epochs()
        next(epochs)
        torch.save(alone.state(), tmp_path / "state.pt")
        epochs.close()
        resumed = session(tmp_path, {arm: arms[arm]}, train)
        resumed.restore(torch.load(tmp_path / "state.pt", weights_only=True))
        for _ in resumed.epochs():
            pass
        one, many = resumed.learners[arm].checkpoint_tensors(), joint.learners[arm].checkpoint_tensors()
        assert one.keys() == many.keys()
        assert max(float((one[name].double() - many[name].double()).abs().max()) for name in one) <= 1e-5


def test_something_frozen_inside_a_branch_that_changes_stops_training(tmp_path: Path) -> None:
    made = session(tmp_path, {"a": (15, {"only": ["class"]}), "b": (15, {"freeze": ["box"]})})

    def meddle(_epoch: int, _done: int) -> None:
        made.learners["b"].branch.state()["model.22.cv2.0.2.bias"][0] += 1e-6

    with pytest.raises(FrozenChangedError, match=r"model\.22\.cv2\.0\.2\.bias: a frozen tensor changed"):
        list(made.epochs(meddle))


def test_learning_rates_are_those_of_the_parts(tmp_path: Path) -> None:
    made = session(tmp_path, {"a": (15, {"rates": {"neck": 0.1, "box": 0.5}})}, quick_train(optimizer="SGD", lr0=0.01))
    learner = made.learners["a"]
    names = {id(parameter): name for name, parameter in learner.branch.parameters().items()}
    rates = {
        names[id(parameter)]: group["lr"]
        for group in learner.trainer.optimizer.param_groups
        for parameter in group["params"]
        if id(parameter) in names
    }
    assert rates.keys() == set(names.values())
    assert rates["model.15.cv1.conv.weight"] == pytest.approx(0.001)
    assert rates["model.22.cv2.0.2.bias"] == pytest.approx(0.005)
    assert rates["model.22.cv3.0.2.bias"] == pytest.approx(0.01)
    learner.trainer.warm_up(0, 0)
    bias = {
        group["rate"]: group["lr"] for group in learner.trainer.optimizer.param_groups if group["param_group"] == "bias"
    }
    assert bias == {0.1: pytest.approx(0.01), 0.5: pytest.approx(0.05), 1.0: pytest.approx(0.1)}


def test_l2_sp_is_half_the_factor_times_the_squared_distance_of_the_trunk(tmp_path: Path) -> None:
    made = session(tmp_path, {"near": (15, {"l2-sp": 3.0}), "free": (15, {})}, quick_train(epochs=1))
    near, free = made.learners["near"], made.learners["free"]
    near.begin_epoch(0)
    with torch.no_grad():
        near.branch.parameters()["model.15.cv1.conv.weight"].view(-1)[:2] += torch.tensor([0.5, -0.5])
        near.branch.parameters()["model.22.cv3.0.2.bias"].add_(1.0)  # the task head has nothing to stay near
    penalty = near.regime.penalty(near.branch.parameters())
    assert penalty is not None
    assert penalty.item() == pytest.approx(0.5 * 3.0 * 2 * 0.5**2, rel=1e-4)
    assert free.regime.penalty(free.branch.parameters()) is None
    (record,) = made.epochs()
    assert record.losses["near"]["penalty"] > 0
    assert "penalty" not in record.losses["free"]


def test_label_smoothing_asks_less_of_assigned_anchors_and_nothing_new_of_the_others() -> None:
    from forgetbench.model.yolo import criterion_of
    from forgetbench.train.ultralytics_trainer import training_settings

    original = tiny_original()
    criterion = criterion_of(
        original.model, training_settings(quick_train(), seed=0), SharedTargets(), label_smoothing=0.2
    )
    targets = torch.tensor([[[0.8, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    zero = torch.zeros_like(targets)
    # at logit 0 the slope of the loss is 1/2 - target
    logits = zero.clone().requires_grad_()
    criterion.bce(logits, targets).sum().backward()
    assert logits.grad is not None
    asked = 0.5 - logits.grad
    assert torch.allclose(asked[0, 0], torch.tensor([0.8 * 0.9, 0.8 * 0.1, 0.8 * 0.1]))
    assert torch.equal(asked[0, 1], zero[0, 1])
    assert len(CLASSES) == targets.shape[-1]


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_label_smoothing_reaches_every_loss_of_a_model(family: str) -> None:
    from forgetbench.model.yolo import criterion_of
    from forgetbench.train.ultralytics_trainer import training_settings

    settings = training_settings(quick_train(), seed=0)
    made = criterion_of(tiny_original(family).model, settings, SharedTargets(), label_smoothing=0.1)
    losses = [made] if family == "yolov8" else [made.one2many, made.one2one]
    assert {type(loss.bce).__name__ for loss in losses} == {"SmoothedBCE"}


def test_measuring_a_solo_step_leaves_training_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients accumulate over the epoch at whose start other parts begin to train and a step is measured alone."""
    arms: dict[str, tuple[int, dict[str, Any]]] = {"a": (22, {"unfreeze": {2: 15, 4: 0}})}
    train = quick_train(epochs=4, nbs=12)
    plain = session(tmp_path, arms, train)
    for _ in plain.epochs():
        pass

    def measured(_device: torch.device, step: Callable[[], None], put_back: Callable[[], None]) -> tuple[int, int]:
        step()
        put_back()
        step()
        return 1, 2

    monkeypatch.setattr("forgetbench.train.memory.solo_peak", measured)
    watched = session(tmp_path, arms, train)
    rows = [row for record in watched.epochs() for row in record.memory if row.kind == "max_reserved"]
    assert [row.bytes for row in rows] == [2, 2, 2]
    assert moved(plain.learners["a"].checkpoint_tensors(), watched.learners["a"].checkpoint_tensors()) == set()


def test_statistics_of_a_layer_rest_or_move_together(tmp_path: Path) -> None:
    made = session(tmp_path, {"a": (12, {"freeze": ["*.running_var"]})})
    before = state(made, "a")
    for _ in made.epochs():
        pass
    changed = moved(before, made.learners["a"].branch.state())
    assert "model.12.cv1.conv.weight" in changed
    assert not any(name.rpartition(".")[2].startswith(("running", "num_batches")) for name in changed)
