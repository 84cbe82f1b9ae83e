"""The arms that a suite's text comes to, without a model."""

import pytest
from support.suites import load

from forgetbench.errors import SuiteError
from forgetbench.suite.arms import FREEZE, Ends, list_arms, reference_arms

V8, V10 = Ends(head=22, neck=10), Ends(head=23, neck=11)


def test_arms_go_by_model_and_seed_then_freeze_points_then_further_ones_under_all_settings() -> None:
    suite = load(
        freeze_points=["all-but-head", 15],
        seeds=[0, 1],
        vary={"lr0": [0.01, 0.001]},
        arms=[{"name": "slow", "freeze_point": "backbone", "train": {"lr0": 0.1}}],
    )
    arms = list(list_arms(suite, {"a": V8, "b": V10}))
    of_one = ["freeze{}-lr0-0.01", "freeze{}-lr0-0.001", "freeze15-lr0-0.01", "freeze15-lr0-0.001", "slow"]
    assert [arm.name for arm in arms] == [
        f"{model}-{what.format(head)}-seed{seed}" for model, head in (("a", 22), ("b", 23)) for seed in (0, 1)
        for what in of_one
    ]  # fmt: skip
    assert [arm.label for arm in arms[:5]] == [
        "all-but-head (22), lr0=0.01", "all-but-head (22), lr0=0.001", "15, lr0=0.01", "15, lr0=0.001", "slow (10)",
    ]  # fmt: skip
    assert [arm.train.lr0 for arm in arms[:5]] == [0.01, 0.001, 0.01, 0.001, 0.1]
    assert [(arm.strategy, arm.further) for arm in arms[3:5]] == [(FREEZE, None), ("slow", 0)]


def test_a_further_arm_is_named_by_the_module_that_its_strategies_begin_at() -> None:
    *_, further = list_arms(load(arms=[{"name": "late"}]), {"a": V8})
    moved = further.from_module(12).record()
    assert (further.label, further.freeze_point) == ("late (0)", 0)
    assert (moved["arm"], moved["label"], moved["method"], moved["freeze_point"]) == (
        "a-late-seed0", "late (12)", "late (12)", 12
    )  # fmt: skip
    assert moved["setting"] is None


def test_two_freeze_points_of_one_module_are_refused() -> None:
    with pytest.raises(SuiteError, match="two freeze points are the same module"):
        list(list_arms(load(freeze_points=["backbone", 10]), {"a": V8}))


def test_gain_is_measured_against_a_freeze_point_of_each_model_unless_weights_are_random() -> None:
    models = {"a": V8, "b": V10}
    assert reference_arms(load(), models) == {"a": 22, "b": 23}
    suite = load(reference_arm="backbone", freeze_points=["backbone"])
    assert reference_arms(suite, models) == {"a": 10, "b": 11}
    assert reference_arms(load(train__pretrained=False), models) == {}
