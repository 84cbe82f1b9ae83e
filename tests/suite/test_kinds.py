"""Kinds of values in a suite: what is taken, and as what."""

import pytest
from support.suites import load, problem

from forgetbench.suite.kinds import AUGMENTATION_KEYS, AUGMENTATION_WORD_KEYS, OPTIMIZERS, listed_once


@pytest.mark.parametrize("section", ["train", "pretrain"])
def test_optimizer_auto_is_refused_with_the_reason(section: str) -> None:
    text = problem(**{f"{section}__epochs": 2, f"{section}__optimizer": "auto"})
    assert text.startswith(f"here: {section}.optimizer: 'auto' is refused: it ignores lr0")


def test_optimizer_name_takes_its_usual_case() -> None:
    assert load(train__optimizer="adamw").train.optimizer == "AdamW"
    assert problem(train__optimizer="AdanW").endswith("did you mean 'AdamW'?")


def test_whole_number_is_good_where_a_number_is_asked() -> None:
    assert load(train__lr0=1).train.lr0 == 1.0


def test_each_optimizer_and_augmentation_is_taken() -> None:
    assert [load(train__optimizer=name).train.optimizer for name in OPTIMIZERS] == list(OPTIMIZERS)
    numbers = {key: 0 for key in AUGMENTATION_KEYS if key not in AUGMENTATION_WORD_KEYS}
    assert load(train__augment=numbers).train.augment == numbers
    assert load(train__augment={"auto_augment": None, "copy_paste_mode": "mixup"}).train.augment["auto_augment"] is None
    assert "'mosaic' expected a number from 0 to 1, found 2" in problem(train__augment={"mosaic": 2})
    assert "unknown augmentation 'mosiac'" in problem(train__augment={"mosiac": 1})


def test_values_listed_twice_are_named() -> None:
    assert listed_once([1, "a"]) == [1, "a"]
    with pytest.raises(ValueError, match="'a' is listed twice"):
        listed_once(["a", 1, "a"])
