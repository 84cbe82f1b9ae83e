"""Arms multiplied by settings: planned, trained on one trunk, told apart in tables, and verified."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from support.factories import drawn_dataset, quick_train, tiny_original, written_suite
from support.finished_run import small_suite
from support.reported import claims_of, terminal_of

from forgetbench.errors import SuiteError
from forgetbench.model.parts import Parts
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.progress import Silent
from forgetbench.proof.verify import verify_run
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.differences import ClaimRow, EqualGainRow, FrontRow, IntervalRow
from forgetbench.record.table_files import read_table
from forgetbench.suite.load import load_suite
from forgetbench.suite.schema import Logging
from forgetbench.sweep.execute import run_suite
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

CPU = torch.device("cpu")
VARY: list[dict[str, Any]] = [{"optimizer": "AdamW", "lr0": 0.005}, {"optimizer": "SGD", "lr0": 0.02}]
CLAIM = {"says": "s", "source": "p", "quantity": "forgetting", "attach": "head", "below": 0.9}


def planned(folder: Path, **changes: Any) -> Plan:
    return make_plan(load_suite(written_suite(folder, **changes)), device=CPU, train_originals=False)


def test_every_arm_is_planned_under_every_setting(tmp_path: Path) -> None:
    slow = {"name": "slow", "freeze_point": "backbone", "train": {"optimizer": "SGD", "lr0": 0.1}}
    warm = {"name": "warm", "freeze_point": "none", "train": {"warmup_bias_lr": 0.1}}
    plan = planned(tmp_path, freeze_points=["all-but-head", "none"], vary=VARY, arms=[slow, warm])
    assert [(arm.name.removeprefix("tiny-yolov8-"), arm.label) for arm in plan.arms] == [
        ("freeze22-AdamW-lr0-0.005-seed0", "all-but-head (22), AdamW lr0=0.005"),
        ("freeze22-SGD-lr0-0.02-seed0", "all-but-head (22), SGD lr0=0.02"),
        ("freeze0-AdamW-lr0-0.005-seed0", "none (0), AdamW lr0=0.005"),
        ("freeze0-SGD-lr0-0.02-seed0", "none (0), SGD lr0=0.02"),
        ("slow-seed0", "slow (10)"),  # it sets all that varies itself
        ("warm-AdamW-lr0-0.005-seed0", "warm (0), AdamW lr0=0.005"),
        ("warm-SGD-lr0-0.02-seed0", "warm (0), SGD lr0=0.02"),
    ]
    trained = [(arm.recipe.train.optimizer, arm.recipe.train.lr0, arm.recipe.train.bias_rate) for arm in plan.arms]
    assert trained[:2] == [("AdamW", 0.005, 0.0), ("SGD", 0.02, 0.1)]
    assert trained[4:] == [("SGD", 0.1, 0.1), ("AdamW", 0.005, 0.1), ("SGD", 0.02, 0.1)]


class Lines(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def message(self, text: str, level: str = "info") -> None:
        if level == "warning":
            self.said.append(text)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, None),
        ({"vary": {"optimizer": ["AdamW", "SGD"]}}, None),
        ({"train": {"warmup_bias_lr": 0.1}}, "all-but-head (22), backbone (10), none (0)"),
        ({"train": {"warmup_bias_lr": 0.1, "optimizer": "SGD"}}, None),
        ({"vary": {"warmup_bias_lr": [0, 0.1]}, "freeze_points": [22]}, "all-but-head (22), warmup_bias_lr=0.1"),
        ({"arms": [{"name": "fast", "train": {"warmup_bias_lr": 0.01}}]}, "fast (0)"),
    ],
)
def test_a_fast_warm_up_of_biases_is_told(tmp_path: Path, changes: dict[str, Any], named: str | None) -> None:
    lines = Lines()
    suite = load_suite(written_suite(tmp_path, **changes))
    make_plan(suite, device=CPU, progress=lines, train_originals=False)
    told = [line for line in lines.said if "warmup_bias_lr" in line]
    assert len(told) == (named is not None)
    assert named is None or f"with AdamW ({named}): its first steps move every bias" in told[0]


def test_claims_speak_of_all_settings_or_of_those_they_name(tmp_path: Path) -> None:
    gain = {"name": "g", "says": "s", "source": "p", "quantity": "gain", "arms": ["none"], "above": 0.0}
    claims = [
        {**CLAIM, "name": "all", "arms": [0]},
        {**CLAIM, "name": "sgd", "settings": ["SGD lr0=0.02"]},
        {**CLAIM, "name": "equal", "arms": ["none"], "at_gain": 0.05, "over": "backbone"},
        gain,
    ]
    every, sgd, equal, gained = (claim["compared"][0] for claim in planned(tmp_path, vary=VARY, claims=claims).claims)
    assert every["treatments"] == ["none (0), AdamW lr0=0.005", "none (0), SGD lr0=0.02"]
    assert sgd["treatments"] == [
        "all-but-head (22), SGD lr0=0.02", "backbone (10), SGD lr0=0.02", "none (0), SGD lr0=0.02",
    ]  # fmt: skip
    assert equal == {"model": "tiny-yolov8", "treatments": ["none (0)"], "against": "backbone (10)"}
    assert gained["against"] == "all-but-head (22), AdamW lr0=0.005"
    with pytest.raises(SuiteError, match=r"claims\[0\]\.settings: no such setting; expected one of AdamW lr0=0.005"):
        planned(tmp_path, vary=VARY, claims=[{**CLAIM, "name": "x", "settings": ["Adam"]}])


def test_branches_of_several_settings_equal_those_trained_alone(tmp_path: Path) -> None:
    trains = {
        "adam": quick_train(),
        "sgd": quick_train(optimizer="SGD", lr0=0.02, momentum=0.8),
        "warm": quick_train(warmup_bias_lr=0.1, label_smoothing=0.1, cos_lr=True),
    }

    def session(*names: str) -> TrainingSession:
        original = tiny_original()
        recipes = {
            f"{name}-{point}": Recipe(Parts(original), point, trains[name]) for name in names for point in (22, 10)
        }
        data = drawn_dataset(tmp_path)
        return TrainingSession(original, recipes, data, quick_train(), seed=0, device=CPU, logging=Logging())

    together = session(*trains)
    list(together.epochs())
    for name in trains:
        alone = session(name)
        list(alone.epochs())
        for arm, learner in alone.learners.items():
            joint = together.learners[arm].checkpoint_tensors()
            for key, tensor in learner.checkpoint_tensors().items():
                assert float((tensor.double() - joint[key].double()).abs().max()) <= 1e-5, (arm, key)
    first, second = (together.learners[f"{name}-10"].checkpoint_tensors() for name in ("adam", "sgd"))
    assert any(not torch.equal(first[key], second[key]) for key in first)


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    claims = [
        {**CLAIM, "name": "at-a-gain", "arms": ["backbone"], "at_gain": 0.001},
        {**CLAIM, "name": "out-of-reach", "arms": ["backbone"], "at_gain": 0.99},
    ]
    suite = small_suite(vary=VARY, seeds=[0, 1], claims=claims)
    return run_suite(suite, output=tmp_path_factory.mktemp("varied"), device="cpu")


def test_tables_tell_settings_apart(varied: RunFolder) -> None:
    results = varied.results()
    trained = results[results["arm"] != "original"]
    assert trained.groupby("setting")["arm"].nunique().to_dict() == {"AdamW lr0=0.005": 4, "SGD lr0=0.02": 4}
    arms = {arm["arm"]: arm for arm in varied.read_manifest()["arms"]}
    one = arms["yolov8p-shapes-freeze10-SGD-lr0-0.02-seed1"]
    assert (one["method"], one["setting"], one["label"]) == (
        "backbone (10)", "SGD lr0=0.02", "backbone (10), SGD lr0=0.02",
    )  # fmt: skip
    assert (one["train"]["optimizer"], one["train"]["lr0"], one["train"]["warmup_bias_lr"]) == ("SGD", 0.02, 0.1)


def test_gain_is_over_the_reference_arm_under_the_first_setting(varied: RunFolder) -> None:
    results, intervals = varied.results(), read_table(varied.path / "intervals.csv", IntervalRow)
    targets = results[(results["role"] == "target") & (results["epoch"] == 2)].set_index("arm")["ap"]
    gains = intervals[(intervals["quantity"] == "gain") & (intervals["epoch"] == 2) & (intervals["measure"] == "ap")]
    for seed in (0, 1):
        before = targets[f"yolov8p-shapes-freeze22-AdamW-lr0-0.005-seed{seed}"]
        mine = gains[gains["seed"] == seed].set_index("arm")["value"]
        expected = targets[mine.index] - before
        pd.testing.assert_series_equal(mine, expected, check_names=False, check_index_type=False)
        assert len(mine) == 4


def test_the_front_and_its_claims(varied: RunFolder) -> None:
    front = read_table(varied.path / "front.csv", FrontRow)
    assert set(front["method"]) == {"all-but-head (22)", "backbone (10)"}
    assert (front["seeds"] == 2).all()
    judged = read_table(varied.path / "claims.csv", ClaimRow).set_index("claim")
    assert judged.loc["out-of-reach", "verdict"] == "not measured"
    equal = read_table(varied.path / "equal_gain.csv", EqualGainRow)
    at = equal[(equal["at_gain"] == 0.001) & (equal["treatment"] == "backbone (10)") & (equal["against"] == "original")]
    assert judged.loc["at-a-gain", "value"] == at["value"].item()
    assert any("at a gain of 0.1 points" in line for line in claims_of(varied.path))
    ((_, header, rows, _),) = terminal_of(varied.path)
    assert header[0] == "freeze point (2 seeds)"
    assert [row[0] for row in rows][:2] == ["all-but-head (22), AdamW lr0=0.005", "all-but-head (22), SGD lr0=0.02"]
    summary = (varied.path / "summary.md").read_text(encoding="utf-8")
    assert "### yolov8p-shapes: forgetting at equal gain" in summary
    assert "- each arm under: AdamW lr0=0.005; SGD lr0=0.02\n" in summary
    assert (varied.path / "figures" / "front-yolov8p-shapes.png").is_file()


def test_it_verifies(varied: RunFolder) -> None:
    assert [str(finding) for finding in verify_run(varied.path).findings] == []


def test_other_gains_asked_of_a_finished_run_are_looked_up_without_training(varied: RunFolder, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(varied.path, runs / "small" / varied.path.name)
    claims = [{**CLAIM, "name": "elsewhere", "arms": ["backbone"], "at_gain": 0.0021}]
    again = run_suite(small_suite(vary=VARY, seeds=[0, 1], claims=claims), output=runs, device="cpu")
    assert again.path.name == varied.path.name
    assert 0.0021 in set(read_table(again.path / "equal_gain.csv", EqualGainRow)["at_gain"])
    assert 0.001 not in set(read_table(again.path / "equal_gain.csv", EqualGainRow)["at_gain"])
    assert read_table(again.path / "claims.csv", ClaimRow)["value"].notna().all()
    assert verify_run(again.path).findings == []
