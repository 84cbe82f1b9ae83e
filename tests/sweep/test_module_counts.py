"""What a plan's detectors are made of."""

from pathlib import Path
from typing import Any

import torch
from support.factories import written_suite

from forgetbench.plan.plan import Plan, make_plan
from forgetbench.suite.load import load_suite
from forgetbench.sweep.module_counts import module_rows


def planned(folder: Path, family: str = "yolov8", **changes: Any) -> Plan:
    """Return the plan of `tiny_suite`, changed."""
    suite = load_suite(written_suite(folder, family, **changes))
    return make_plan(suite, device=torch.device("cpu"), train_originals=False)


def test_a_trunk_once_and_the_heads_of_every_arm(tmp_path: Path) -> None:
    plan = planned(tmp_path, "yolov10", evaluation={"heads": ["one-to-one", "one-to-many"]})
    rows = list(module_rows(plan))
    (original,) = plan.originals.values()
    trunk = [row for row in rows if row.part == "trunk"]
    assert [row.module for row in trunk] == list(range(original.head))
    assert all((row.arm, row.head) == (None, None) for row in trunk)
    own = [(row.head, row.module) for row in rows if row.part == "original head"]
    assert own == [("one-to-one", original.head), ("one-to-many", original.head)]
    for part in ("task head", "both heads"):
        mine = [(row.arm, row.head) for row in rows if row.part == part]
        assert mine == [(arm.name, head) for arm in plan.arms for head in ("one-to-one", "one-to-many")]


def test_arms_may_start_from_random_weights(tmp_path: Path) -> None:
    whole: dict[str, Any] = {"freeze_points": ["none"], "reference_arm": "none", "train": {"pretrained": False}}
    scratch, tuned = (list(module_rows(planned(tmp_path, **changes))) for changes in (whole, {}))
    assert [row.flops for row in scratch if row.arm is None] == [row.flops for row in tuned if row.arm is None]
