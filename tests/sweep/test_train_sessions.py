"""Training sessions of a run: what they leave, and going on from there."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support.factories import written_suite
from support.recorder import Recorder

from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.record.folder import RunFolder
from forgetbench.suite.load import load_suite
from forgetbench.sweep.train_sessions import scored_epochs, train_arms

CPU = torch.device("cpu")


class StoppedError(Exception):
    """The process ends here."""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    suite = written_suite(
        tmp_path, freeze_points=[22], train={"epochs": 4, "patience": 1, "imgsz": 32}, evaluation={"every": 1},
        logging={"gradients": False, "memory": False},
    )  # fmt: skip
    return make_plan(load_suite(suite), device=CPU, train_originals=False)


def train(plan: Plan, folder: RunFolder, target_ap: Callable[[int], float | None]) -> list[str]:
    recorder = Recorder()
    train_arms(plan, plan.arms, folder, CPU, recorder, lambda _arm, epoch: target_ap(epoch))
    return [line for line in recorder.lines if not line.startswith("detail")]


def test_training_goes_on_after_the_last_epoch_and_patience_remembers(tmp_path: Path, plan: Plan) -> None:
    def stop(epoch: int) -> float:
        if epoch == 2:
            raise StoppedError
        return 0.5

    folder, whole = RunFolder(tmp_path / "run"), RunFolder(tmp_path / "whole")
    for one in (folder, whole):
        one.path.mkdir()
        one.journal.begin()
    with pytest.raises(StoppedError):
        train(plan, folder, stop)
    values = {1: 0.5, 2: 0.6, 3: 0.6}
    assert train(plan, folder, values.__getitem__) == ["info: resuming tiny-yolov8-seed0 after epoch 1"]
    assert train(plan, whole, values.__getitem__) == []
    (arm,) = plan.arms
    ended = folder.outcomes("tiny-yolov8", 0)
    assert ended == whole.outcomes("tiny-yolov8", 0)
    assert ended[arm.name]["stopped"] == "no better target AP in 1 evaluations"
    assert scored_epochs(plan, folder, arm) == [1, 2, 3]
    resumed, at_once = (load_checkpoint(run.checkpoint(arm.name, 3))[1] for run in (folder, whole))
    assert all(torch.equal(resumed[name], at_once[name]) for name in resumed)
    assert not list(folder.session("tiny-yolov8", 0).glob("*.pt"))
    assert train(plan, folder, lambda _: pytest.fail("trained again")) == []


def test_the_arm_is_told_to_who_scores_it(tmp_path: Path, plan: Plan) -> None:
    told: list[tuple[Arm, int]] = []

    def unmeasured(arm: Arm, epoch: int) -> None:
        told.append((arm, epoch))

    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.journal.begin()
    train_arms(plan, plan.arms, folder, CPU, Recorder(), unmeasured)
    assert told == [(plan.arms[0], 1), (plan.arms[0], 2)]  # unmeasured counts as nothing, which gets no better
