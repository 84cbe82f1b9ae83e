"""What varied settings come to, in which order, and what they are called."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.suites import load, problem

from forgetbench.suite.vary import Setting, arm_label, arm_name, settings_of, trained_under

BOTH = [{"optimizer": "AdamW", "warmup_bias_lr": [0.1, 0]}, {"optimizer": "sgd", "lr0": 0.01}]


def named(vary: Any, own: tuple[str, ...] = ()) -> list[str]:
    return [str(setting) for setting in settings_of(load(vary=vary).vary, own)]


def test_every_combination_of_a_grid_in_turn() -> None:
    assert named({"lr0": [0.001, 0.01], "optimizer": ["SGD", "AdamW"]}) == [
        "SGD lr0=0.001", "SGD lr0=0.01", "AdamW lr0=0.001", "AdamW lr0=0.01",
    ]  # fmt: skip


def test_grids_one_after_the_other() -> None:
    assert named(BOTH) == ["AdamW warmup_bias_lr=0.1", "AdamW warmup_bias_lr=0", "SGD lr0=0.01"]
    assert named([{}, {"cos_lr": True}]) == ["", "cos_lr=true"]


def test_without_vary_there_is_one_setting_without_a_name() -> None:
    assert settings_of(load().vary) == [Setting()]
    assert arm_name("yolo", "freeze10", Setting(), 3) == "yolo-freeze10-seed3"
    assert arm_label("backbone (10)", Setting()) == "backbone (10)"


def test_names_are_safe_as_a_folders() -> None:
    setting = settings_of(load(vary=BOTH).vary)[0]
    assert arm_name("yolo", "freeze10", setting, 0) == "yolo-freeze10-AdamW-warmup_bias_lr-0.1-seed0"
    assert arm_label("backbone (10)", setting) == "backbone (10), AdamW warmup_bias_lr=0.1"


def test_a_key_that_an_arm_sets_itself_does_not_vary_for_it() -> None:
    assert named({"lr0": [0.001, 0.01], "optimizer": ["SGD", "AdamW"]}, own=("lr0",)) == ["SGD", "AdamW"]
    assert named({"lr0": [0.001, 0.01]}, own=("lr0",)) == [""]


def test_what_an_arm_says_goes_over_the_setting_and_that_over_the_suite() -> None:
    suite = load(vary={"lr0": [0.01], "optimizer": ["SGD"]})
    (setting,) = settings_of(suite.vary)
    train = trained_under(suite.train, setting, {"lr0": 0.5})
    assert (train.lr0, train.optimizer, train.epochs) == (0.5, "SGD", 3)
    assert trained_under(suite.train, setting).lr0 == 0.01
    assert suite.train.lr0 == 0.001


@pytest.mark.parametrize(
    ("vary", "expected"),
    [
        ({"lr0": [0.1, 0.1]}, "vary: the setting 'lr0=0.1' is listed twice"),
        ([{"lr0": 0.1}, {"lr0": [0.2, 0.1]}], "vary: the setting 'lr0=0.1' is listed twice"),
        ({"lr": [0.1]}, "vary.lr: unknown key; expected one of optimizer, lr0,"),
        ({"epochs": [1, 2]}, "vary.epochs: unknown key"),
        ({"lr0": [0.1, "high"]}, r"vary.lr0\[1\]: expected a number greater than 0 and at most 1, found 'high'"),
        ({"lr0": []}, "vary.lr0: expected .* a list of 1 or more items"),
        ({"optimizer": ["AdamW", "auto"]}, r"vary.optimizer\[1\]: 'auto' is refused"),
        ([{"lr0": 2}], r"vary\[0\].lr0: expected a number greater than 0 and at most 1 .* found 2"),
        (3, "vary: expected a mapping"),
    ],
)
def test_what_is_refused(vary: Any, expected: str) -> None:
    assert re.search(expected, problem(vary=vary))
