"""Which networks activation maps are drawn of."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.finished_run import small_suite

from forgetbench.plan.plan import Plan, make_plan
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.suite.data_section import Role
from forgetbench.suite.load import LoadedSuite, suite_from_mapping
from forgetbench.sweep.cam_networks import Gallery
from forgetbench.sweep.scoring import Scorer

CPU = torch.device("cpu")
MODEL = "yolov8p-shapes"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(LoadedSuite(suite_from_mapping(small_suite()), Path("suite.yaml"), ()), device=CPU)


def gallery(plan: Plan, run: Path, role: Role) -> Gallery:
    folder = RunFolder(run)
    return Gallery(plan, MODEL, role, folder, Scorer(plan, MODEL, folder, CPU, Silent()))


def test_the_original_and_last_checkpoints_with_what_they_detected(small_run: Path, plan: Plan) -> None:
    made = gallery(plan, small_run, "reference")
    assert [(one.arm and one.arm.freeze_point, one.epoch) for one in made.shown] == [(None, 0), (22, 2), (10, 2)]
    assert (made.head, len(made.dataset.samples)) == ("one-to-many", 8)
    original, head_only, _ = made.shown
    assert len(original.detections)
    # frozen up to its head, and with the original's head attached, it is the original
    assert np.array_equal(original.detections.score, head_only.detections.score)
    assert original.scores == head_only.scores
    assert made.item(None, 0).network == made.item(head_only.arm, 2).network


def test_on_the_target_the_original_looks_only_when_asked(small_run: Path, plan: Plan) -> None:
    made = gallery(plan, small_run, "target")
    assert len(made.shown[0].detections) == 0
    assert made.shown[0].scores == [None] * 6
    made.look_with_original([1, 4], CPU)
    assert set(made.shown[0].detections.image.tolist()) <= {1, 4}
    assert len(made.shown[0].detections)
    assert [one.arm is None for one in made.shown] == [True, False, False]
