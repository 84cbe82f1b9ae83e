"""Learning rates by part."""

from pathlib import Path

import pytest
from support.factories import quick_train
from support.strategy_sessions import session


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
