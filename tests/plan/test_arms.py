"""What freeze points, further arms and settings come to."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import written_suite

from forgetbench.errors import SuiteError
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.suite.load import load_suite

CPU = torch.device("cpu")


def planned(folder: Path, family: str = "yolov8", **changes: Any) -> Plan:
    return make_plan(load_suite(written_suite(folder, family, **changes)), device=CPU, train_originals=False)


def test_arms_are_models_by_seeds_by_freeze_points(tmp_path: Path) -> None:
    plan = planned(tmp_path, seeds=[0, 3], freeze_points=["all-but-head", "first-4"])
    assert [arm.name for arm in plan.arms] == [
        f"tiny-yolov8-freeze{point}-seed{seed}" for seed in (0, 3) for point in (22, 4)
    ]
    assert [arm.label for arm in plan.arms][:2] == ["all-but-head (22)", "first-4 (4)"]


def test_names_mean_what_they_mean_in_each_family(tmp_path: Path) -> None:
    assert [arm.freeze_point for arm in planned(tmp_path, "yolov10").arms] == [23, 11, 0]


def test_from_scratch_needs_no_reference_arm(tmp_path: Path) -> None:
    plan = planned(tmp_path, train={"pretrained": False}, freeze_points=["none"])
    assert [arm.freeze_point for arm in plan.arms] == [0]


def test_further_arms_stand_beside_the_freeze_points(tmp_path: Path) -> None:
    arms = [
        {"name": "classify", "freeze_point": "backbone", "strategy": {"only": ["class"]}, "train": {"lr0": 0.01}},
        {"name": "gradual", "freeze_point": "all-but-head", "strategy": {"unfreeze": {2: 15}}},
        {"name": "scratch", "pretrained": False},
    ]
    plan = planned(tmp_path, freeze_points=["all-but-head", "none"], arms=arms)
    assert [(arm.name, arm.freeze_point, arm.strategy, arm.label) for arm in plan.arms] == [
        ("tiny-yolov8-freeze22-seed0", 22, "freeze", "all-but-head (22)"),
        ("tiny-yolov8-freeze0-seed0", 0, "freeze", "none (0)"),
        ("tiny-yolov8-classify-seed0", 22, "classify", "classify (22)"),
        ("tiny-yolov8-gradual-seed0", 15, "gradual", "gradual (15)"),
        ("tiny-yolov8-scratch-seed0", 0, "scratch", "scratch (0)"),
    ]
    rates = {arm.strategy: arm.recipe.train.lr0 for arm in plan.arms}
    assert rates == {"freeze": 0.002, "classify": 0.01, "gradual": 0.002, "scratch": 0.002}
    assert [arm.recipe.pretrained for arm in plan.arms] == [True, True, True, True, False]


def test_class_rows_may_rest_where_they_are_not_random_or_not_scored(tmp_path: Path) -> None:
    copied = {"name": "a", "strategy": {"freeze": ["class"]}, "train": {"cls_remap": True}}
    assert planned(tmp_path, arms=[copied]).arms[-1].strategy == "a"
    many = {"name": "a", "strategy": {"only": ["one-to-many"]}}
    assert planned(tmp_path, "yolov10", arms=[many], evaluation={"heads": ["one-to-many"]}).arms[-1].freeze_point == 23
    with pytest.raises(SuiteError, match=r"class rows of a head that is scored.*evaluation.heads without that head"):
        planned(tmp_path, "yolov10", arms=[many])
