"""One branch in training: the same with others as alone and resumed, and what has to rest rests."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import quick_train
from support.strategy_sessions import session

from forgetbench.errors import FrozenChangedError


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
