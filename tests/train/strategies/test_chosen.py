"""Some parts alone train, or some rest: what moves, and what rests to the last bit."""

from pathlib import Path
from typing import Any

import pytest
from support.strategy_sessions import moved, session, state


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
    trained = learner.recipe.ever_trained
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


def test_statistics_of_a_layer_rest_or_move_together(tmp_path: Path) -> None:
    made = session(tmp_path, {"a": (12, {"freeze": ["*.running_var"]})})
    before = state(made, "a")
    for _ in made.epochs():
        pass
    changed = moved(before, made.learners["a"].branch.state())
    assert "model.12.cv1.conv.weight" in changed
    assert not any(name.rpartition(".")[2].startswith(("running", "num_batches")) for name in changed)
