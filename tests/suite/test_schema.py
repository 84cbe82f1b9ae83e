"""What a suite may say, through the Python entry that checks a mapping."""

from typing import Any

import pytest
from support.suites import load, mapping, problem

from forgetbench.suite.schema import Cam, Suite


def test_defaults() -> None:
    suite = load()
    assert suite.attach_points == ["head", "freeze-point"]
    assert suite.reference_arm == "all-but-head"
    assert suite.seeds == [0]
    assert suite.train.cls_remap is False
    assert suite.train.augment == {}
    assert suite.evaluation.heads == ["one-to-one", "one-to-many"]
    assert suite.cam is None
    assert load(cam={}).cam == Cam(
        method="grad-cam", images=3, rules=["random", "largest-gain", "largest-loss"], seed=0
    )


@pytest.mark.parametrize("given", ["a.pt", ["a.pt"]])
def test_model_is_another_name_of_models(given: Any) -> None:
    assert load(models=..., model=given).models == ["a.pt"]
    assert Suite.model_validate(mapping(models=..., model=given)).models == ["a.pt"]
    assert load(models=given).models == ["a.pt"]


@pytest.mark.parametrize("given", ["all", ["all"]])
def test_all_attach_points_are_one_word(given: Any) -> None:
    assert load(attach_points=given).attach_points == ["all"]
    assert load(attach_points=given, cam={}).cam is not None  # the head is among them


def test_classes_to_keep_are_names_each_once() -> None:
    assert load().keep is None
    assert load(keep=["car", "traffic light"]).keep == ["car", "traffic light"]
    assert "keep: 'car' is listed twice" in problem(keep=["car", "bus", "car"])
    assert "keep: expected a list of 1 or more items" in problem(keep=[])
    for wrong in ("car", ["car", 3], [""], {"car": 1}):
        assert problem(keep=wrong).startswith("here: keep")


def test_model_and_models_together_are_refused() -> None:
    assert problem(model="a.pt") == (
        "here: both 'model' and 'models' are given; 'model' is another name of 'models': keep one"
    )
