"""Claims, matched with the arms they speak of."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.claims import GAIN, RETENTION
from support.factories import written_suite

from forgetbench.errors import SuiteError
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.suite.load import load_suite

CPU = torch.device("cpu")


def planned(folder: Path, family: str = "yolov8", **changes: Any) -> Plan:
    return make_plan(load_suite(written_suite(folder, family, **changes)), device=CPU, train_originals=False)


def test_arms_and_baselines_are_found_by_point_or_name(tmp_path: Path) -> None:
    near = {"name": "near", "freeze_point": "none", "strategy": {"l2-sp": 0.01}}
    memory = {"name": "light", "says": "s", "source": "s", "quantity": "memory", "over": "none", "below": 0.7}
    chosen = {**RETENTION, "name": "chosen", "arms": ["near", "backbone"]}
    retention, gain, light, by_name = planned(tmp_path, claims=[RETENTION, GAIN, memory, chosen], arms=[near]).claims
    every = ["all-but-head (22)", "backbone (10)", "none (0)", "near (0)"]
    assert retention["compared"] == [{"model": "tiny-yolov8", "treatments": every, "against": "original"}]
    assert gain["compared"][0]["against"] == "all-but-head (22)"  # the reference arm
    assert gain["compared"][0]["treatments"] == ["backbone (10)", "none (0)", "15"]  # 15 is not trained: not measured
    assert light["compared"][0] == {
        "model": "tiny-yolov8",
        "treatments": ["all-but-head (22)", "backbone (10)", "near (0)"],
        "against": "none (0)",
    }
    assert by_name["compared"][0]["treatments"] == ["near (0)", "backbone (10)"]


def test_claims_of_other_models_are_left_out(tmp_path: Path) -> None:
    (claim,) = planned(tmp_path, claims=[{**RETENTION, "models": ["other.pt"]}]).claims
    assert claim["compared"] == []


def test_an_unknown_arm_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"claims\[0\]\.arms: no such arm.*found nera"):
        planned(tmp_path, claims=[{**RETENTION, "arms": ["nera"]}])
