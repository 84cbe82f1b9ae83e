"""Mixed precision as on a GPU, forced on the CPU: the same lines scale, unscale, clip, skip and resume."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support import sessions
from support.factories import drawn_dataset, quick_train, tiny_original
from support.strategies.distil import OldHead
from support.strategies.low_rank import LowRank
from support.strategies.replay import Replay
from torch import Tensor

from forgetbench.device import Precision
from forgetbench.model.parts import Parts
from forgetbench.suite.schema import Logging
from forgetbench.train.epoch_record import EpochRecord
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession
from forgetbench.train.strategies.base import DataSplit

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgetbench.train.session.pick_precision", lambda device, amp: Precision("cpu", mixed=amp))


def session(folder: Path, points: list[int], **changes: Any) -> TrainingSession:
    original, train = tiny_original(), quick_train(**changes)
    recipes = {f"f{point}": Recipe(Parts(original), point, train) for point in points}
    return TrainingSession(original, recipes, drawn_dataset(folder), train, seed=0, device=CPU, logging=Logging())


def finished(made: TrainingSession) -> list[EpochRecord]:
    return list(made.epochs())


def tensors(made: TrainingSession, arm: str) -> dict[str, Tensor]:
    return made.learners[arm].checkpoint_tensors()


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(value, second[name]) for name, value in first.items())


def overflow_once(made: TrainingSession, arm: str) -> None:
    """Scale a branch's first loss beyond float32; the next is scaled by 2**86, which no gradient here overflows."""
    made.learners[arm].scaler = torch.amp.GradScaler("cpu", init_scale=2.0**126, backoff_factor=2.0**-40)


def test_a_branch_in_mixed_precision_equals_itself_alone_and_not_itself_in_float32(tmp_path: Path) -> None:
    joint, alone, plain = session(tmp_path, [22, 0]), session(tmp_path, [22]), session(tmp_path, [22], amp=False)
    records = [finished(made)[-1] for made in (joint, alone, plain)]
    assert records[0].step_losses["f22"] == records[1].step_losses["f22"]
    assert records[1].step_losses["f22"] == pytest.approx(records[2].step_losses["f22"], rel=0.05)
    assert equal(tensors(joint, "f22"), tensors(alone, "f22"))
    assert not equal(tensors(alone, "f22"), tensors(plain, "f22"))
    norms = [[row.norm for row in record.gradients if row.norm] for record in records[1:]]
    assert norms[0] == pytest.approx(norms[1], rel=0.5)  # unscaled: 65,536 times as much otherwise


def test_an_overflow_skips_a_step_of_its_own_branch_alone(tmp_path: Path) -> None:
    made, alone = session(tmp_path, [22, 10]), session(tmp_path, [10])
    overflow_once(made, "f22")
    records = finished(made)
    finished(alone)
    learners = made.learners
    assert (learners["f22"].skipped_steps, learners["f10"].skipped_steps) == (1, 0)
    assert equal(tensors(made, "f10"), tensors(alone, "f10"))
    assert (learners["f22"].scaler.get_scale(), learners["f10"].scaler.get_scale()) == (2.0**86, 2.0**16)
    updates = [row.update_norm for row in records[0].gradients if row.module == "model.22" and row.arm == "f22"]
    assert updates[0] == 0
    assert all(updates[1:])


def test_strategies_in_mixed_precision_train_each_as_if_alone(tmp_path: Path) -> None:
    arms: dict[str, Any] = {
        "distilled": (10, [(OldHead, 0.1)]),
        "replayed": (10, [(Replay, 3)]),
        "low-rank": (10, [(LowRank, 2)]),
    }
    data: dict[DataSplit, Any] = {"reference.train": drawn_dataset(tmp_path / "old", 5)}
    joint = sessions.session(tmp_path, arms, data=data)
    overflow_once(joint, "distilled")
    records = finished(joint)
    assert [joint.learners[arm].skipped_steps for arm in arms] == [1, 0, 0]
    for arm in ("replayed", "low-rank"):
        alone, plain = (
            sessions.session(tmp_path, {arm: arms[arm]}, quick_train(amp=amp), data=data) for amp in (True, False)
        )
        finished(alone)
        assert equal(tensors(joint, arm), tensors(alone, arm))
        norms = [
            [row.norm for row in record.gradients if row.norm and row.arm == arm]
            for record in (records[-1], finished(plain)[-1])
        ]
        # those of replaced weights are unscaled as well: 65,536 times as much otherwise
        assert all(0.1 < one / other < 10 for one, other in zip(*norms, strict=True))


def test_resuming_goes_on_with_each_branchs_scale(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"epochs": 3, "nbs": 12}  # scaled gradients are held over the end of an epoch
    whole, first = (session(tmp_path, [22, 10], **changes) for _ in range(2))
    for made in (whole, first):
        overflow_once(made, "f22")
    finished(whole)
    epochs = first.epochs()
    next(epochs)
    torch.save(first.state(), tmp_path / "state.pt")
    epochs.close()
    resumed = session(tmp_path, [22, 10], **changes)
    resumed.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    finished(resumed)
    for arm in ("f22", "f10"):
        assert resumed.learners[arm].scaler.get_scale() == whole.learners[arm].scaler.get_scale()
        assert equal(tensors(whole, arm), tensors(resumed, arm))
