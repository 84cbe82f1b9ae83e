"""What a suite says of training, all branches' and one arm's."""

from typing import Any

import pytest
from support.suites import load, problem

from forgetbench.suite.vary import branch_settings, settings_of, trained_under


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ([{"name": "a", "strateg": {}}], "arms[0].strateg: unknown key"),
        ([{"name": "a"}, {"name": "a"}], "arms: two arms are called 'a'"),
        ([{"name": "freeze10"}], "arms: 'freeze10' is the name of another arm of every run; choose another"),
        ([{"name": "1st"}], "arms[0].name: expected 1 to 40 letters"),
        ([{"freeze_point": 3}], "arms[0].name: missing"),
        ([{"name": "a", "freeze_point": "necks"}], "unknown freeze point 'necks'"),
        ([{"name": "a", "train": {"epochs": 3}}], "arms[0].train.epochs: unknown key"),
        ([{"name": "a", "train": {"lr0": 2}}], "arms[0].train.lr0: expected a number greater than 0 and at most 1"),
        ([{"name": "a", "train": {"optimizer": "auto"}}], "'auto' is refused"),
        ([{"name": "a", "train": {"label_smoothing": 1}}], "arms[0].train.label_smoothing: expected"),
    ],
)
def test_what_an_arm_may_not_say(arms: list[dict[str, Any]], said: str) -> None:
    text = problem(arms=arms)
    assert said in text
    assert "\n" not in text


def test_an_arm_changes_only_what_concerns_its_own_branch() -> None:
    (arm,) = load(arms=[{"name": "slow", "train": {"lr0": 0.0001, "patience": 5}}]).arms
    assert arm.train.model_dump(exclude_none=True) == {"lr0": 0.0001, "patience": 5}


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [("SGD", 0.1), *((name, 0.0) for name in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "MuSGD"))],
)
def test_biases_start_their_warm_up_as_the_optimizer_bears(optimizer: str, rate: float) -> None:
    assert load(train__optimizer=optimizer).train.bias_rate == rate
    assert load(train__optimizer=optimizer, train__warmup_bias_lr=0.05).train.bias_rate == 0.05
    assert branch_settings(load(train__optimizer=optimizer).train)["warmup_bias_lr"] == rate


def test_the_warm_up_follows_a_varied_optimizer() -> None:
    suite = load(vary={"optimizer": ["AdamW", "SGD"]})
    rates = [trained_under(suite.train, setting).bias_rate for setting in settings_of(suite.vary)]
    assert rates == [0.0, 0.1]
    suite = load(vary={"optimizer": ["AdamW", "SGD"]}, train__warmup_bias_lr=0.1)
    assert [trained_under(suite.train, setting).bias_rate for setting in settings_of(suite.vary)] == [0.1, 0.1]
