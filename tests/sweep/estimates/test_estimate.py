from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import written_suite

from forgetbench.model.branch import grow_branch
from forgetbench.plan.plan import make_plan
from forgetbench.suite.load import load_suite
from forgetbench.sweep.estimates import estimate as module
from forgetbench.sweep.estimates.disk_need import REST_BYTES
from forgetbench.sweep.estimates.estimate import Estimate, estimate
from forgetbench.sweep.estimates.rehearsal import Rehearsal

CPU = torch.device("cpu")
REHEARSED = Rehearsal(batch_seconds=2.0, original_seconds=0.5, target_seconds=0.25, reference_seconds=0.125)


def estimated(folder: Path, monkeypatch: pytest.MonkeyPatch, family: str = "yolov8", **changes: Any) -> Estimate:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(folder / "cache"))  # where no original was trained yet
    monkeypatch.setattr(module, "rehearse", lambda *_, **__: REHEARSED)
    plan = make_plan(load_suite(written_suite(folder, family, **changes)), device=CPU, train_originals=False)
    return estimate(plan, CPU)


def test_evaluations_are_counted_as_the_run_makes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = estimated(tmp_path, monkeypatch)
    assert costs.target_networks == 6
    # the original; freeze points 10 and 0 under attach = head, twice each; statistics and weights alone of their last
    assert costs.reference_networks == 9
    assert [work.reference_networks for work in costs.arms] == [0, 4, 4]
    assert [work.checkpoints for work in costs.arms] == [2, 2, 2]
    assert costs.arms[2].share == 1
    parts = costs.pretraining_seconds, costs.training_seconds, costs.evaluation_seconds, costs.scoring_seconds
    assert all(part > 0 for part in parts)
    assert costs.seconds == pytest.approx(costs.overhead_seconds + sum(parts))


def test_more_work_costs_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = estimated(tmp_path, monkeypatch)
    longer = estimated(tmp_path, monkeypatch, train={"epochs": 4})
    assert longer.training_seconds > 1.5 * plain.training_seconds
    assert longer.disk_bytes - REST_BYTES > 1.5 * (plain.disk_bytes - REST_BYTES)
    assert longer.pretraining_seconds == plain.pretraining_seconds
    sparse = estimated(tmp_path, monkeypatch, train={"epochs": 4}, evaluation={"every": 4})
    assert sparse.target_networks == 3
    assert sparse.evaluation_seconds < longer.evaluation_seconds


def test_the_reference_scorer_takes_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = estimated(tmp_path, monkeypatch)
    reference = estimated(tmp_path, monkeypatch, evaluation={"scorer": "pycocotools"})
    assert reference.scoring_seconds > 20 * fast.scoring_seconds
    assert reference.evaluation_seconds == fast.evaluation_seconds


def test_without_drift_its_networks_are_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = estimated(tmp_path, monkeypatch, evaluation={"drift": False})
    assert costs.reference_networks == 5


def test_both_heads_count_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = estimated(tmp_path, monkeypatch, family="yolov10")
    assert (costs.target_networks, costs.reference_networks) == (12, 18)
    one = estimated(tmp_path, monkeypatch, family="yolov10", evaluation={"heads": ["one-to-many"]})
    assert (one.target_networks, one.reference_networks) == (6, 9)
    assert costs.scoring_seconds == 2 * one.scoring_seconds


def test_checkpoints_and_shares_are_counted_with_the_targets_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = {"name": "scratch", "pretrained": False}
    suite = load_suite(written_suite(tmp_path, "yolov10", arms=[scratch], reference={"world": "general"}))
    plan = make_plan(suite, device=CPU, train_originals=False)
    monkeypatch.setattr(module, "rehearse", lambda *_, **__: REHEARSED)
    for work in estimate(plan, CPU).arms:
        arm, (original,) = work.arm, plan.originals.values()
        branch = grow_branch(
            original, arm.freeze_point, plan.target_train.classes, seed=0, cls_remap=False,
            pretrained=arm.recipe.pretrained,
        )  # fmt: skip
        floats = sum(tensor.numel() for tensor in branch.state().values() if tensor.is_floating_point())
        counters = sum(tensor.numel() for tensor in branch.state().values() if not tensor.is_floating_point())
        assert work.checkpoint_bytes == 2 * floats + 8 * counters
        below = sum(p.numel() for module in original.modules[: arm.freeze_point] for p in module.parameters())
        owned = sum(parameter.numel() for parameter in branch.parameters().values())
        assert work.share == pytest.approx(owned / (owned + below))


def test_rehearsed_seconds_are_multiplied_by_batches_images_and_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = estimated(tmp_path, monkeypatch, seeds=[0, 1])
    plan = make_plan(load_suite(written_suite(tmp_path, seeds=[0, 1])), device=CPU, train_originals=False)
    train, target = len(plan.target_train.samples), len(plan.target.evaluate.samples)
    reference = len(plan.reference[plan.arms[0].model].samples)
    batches = -(-train // plan.suite.train.batch)
    assert costs.training_seconds == 2.0 * (batches * 2 + 1) * 2  # two epochs, two seeds
    checkpoints = (0.25 * target + 0.125 * reference) * 2 * 2
    parts_of_the_last = 2 * 0.125 * reference * 2  # statistics alone, weights alone
    assert costs.evaluation_seconds == 0.5 * (target + reference) + checkpoints + parts_of_the_last
