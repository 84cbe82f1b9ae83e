from pathlib import Path
from typing import Any

import pytest
import torch
from factories import written_suite

from forgetbench.run import estimate as module
from forgetbench.run.estimate import Estimate, estimate
from forgetbench.run.plan import make_plan
from forgetbench.suite.load import load_suite

CPU = torch.device("cpu")


def estimated(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Estimate:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(folder / "cache"))  # where no original was trained yet
    monkeypatch.setattr(module, "seconds_per_flop", lambda *_: 1e-9)
    plan = make_plan(load_suite(written_suite(folder, **changes)), device=CPU, train_originals=False)
    return estimate(plan, CPU)


def test_evaluations_are_counted_as_the_run_makes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = estimated(tmp_path, monkeypatch)
    assert costs.target_networks == 6
    assert costs.reference_networks == 5  # the original; freeze points 10 and 0 under attach = head, twice each
    assert [work.reference_networks for work in costs.arms] == [0, 2, 2]
    assert [work.checkpoints for work in costs.arms] == [2, 2, 2]
    assert costs.arms[2].share == 1
    parts = costs.pretraining_seconds, costs.training_seconds, costs.evaluation_seconds, costs.scoring_seconds
    assert all(part > 0 for part in parts)
    assert costs.seconds == pytest.approx(sum(parts))


def test_more_work_costs_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = estimated(tmp_path, monkeypatch)
    longer = estimated(tmp_path, monkeypatch, train={"epochs": 4})
    assert longer.training_seconds == pytest.approx(2 * plain.training_seconds)
    assert longer.disk_bytes > 1.5 * plain.disk_bytes
    assert longer.pretraining_seconds == plain.pretraining_seconds
    sparse = estimated(tmp_path, monkeypatch, train={"epochs": 4}, evaluation={"every": 4})
    assert sparse.target_networks == 3
    assert sparse.evaluation_seconds < longer.evaluation_seconds


def test_the_reference_scorer_takes_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = estimated(tmp_path, monkeypatch)
    reference = estimated(tmp_path, monkeypatch, evaluation={"scorer": "pycocotools"})
    assert reference.scoring_seconds > 20 * fast.scoring_seconds
    assert reference.evaluation_seconds == fast.evaluation_seconds


def test_both_heads_count_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = {"heads": ["one-to-one", "one-to-many"]}
    plan = make_plan(
        load_suite(written_suite(tmp_path, "yolov10", evaluation=heads)), device=CPU, train_originals=False
    )
    monkeypatch.setattr(module, "seconds_per_flop", lambda *_: 1e-9)
    costs = estimate(plan, CPU)
    assert (costs.target_networks, costs.reference_networks) == (12, 10)


def test_the_measured_forward_is_positive(tmp_path: Path) -> None:
    plan = make_plan(load_suite(written_suite(tmp_path)), device=CPU, train_originals=False)
    (original,) = plan.originals.values()
    assert module.seconds_per_flop(original, 64, 2, CPU) > 0
