from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import written_suite

from forgetbench.model.original import hash_tensors
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.suite.load import load_suite
from forgetbench.sweep.estimates import rehearsal as module
from forgetbench.sweep.estimates.rehearsal import Rehearsal, rehearse

CPU = torch.device("cpu")


def planned(folder: Path, **changes: Any) -> Plan:
    return make_plan(load_suite(written_suite(folder, **changes)), device=CPU, train_originals=False)


def rehearsed(plan: Plan, flops: float = 1.0) -> Rehearsal:
    return rehearse(plan, plan.arms, CPU, training_flops=flops, evaluation_flops=flops)


def test_a_rehearsal_times_all_parts_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    (original,) = plan.originals.values()
    before, files = hash_tensors(original.model.state_dict()), sorted(tmp_path.rglob("*"))
    took = rehearsed(plan)
    assert took.batch_seconds > 0
    assert took.original_seconds > 0
    assert hash_tensors(original.model.state_dict()) == before
    assert sorted(tmp_path.rglob("*")) == files


def test_costly_work_is_rehearsed_on_fewer_images_and_scaled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(tmp_path)
    sizes: list[int] = []
    first = module.first_images

    def noted(dataset: Any, images: int) -> Any:
        sizes.append(images)
        return first(dataset, images)

    monkeypatch.setattr(module, "first_images", noted)
    rehearsed(plan)
    rehearsed(plan, flops=1e12)
    plenty, little = sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :]
    assert plenty[0] == plan.suite.train.batch * (1 + module.TIMED)
    assert little[0] == 1 + module.TIMED
    assert all(few <= many for few, many in zip(little, plenty, strict=True))


def test_a_dataset_smaller_than_the_rehearsal_is_used_again(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    dataset = plan.target.evaluate
    repeated = module.first_images(dataset, len(dataset.samples) + 2)
    assert repeated.samples[len(dataset.samples) :] == dataset.samples[:2]
