"""Branches that diverge: when that is so, and that nobody else notices."""

from collections.abc import Callable, Mapping, Sequence
from math import inf, nan
from pathlib import Path

import pytest
import torch
from support.factories import quick_train
from support.sessions import Named, checkpoint, differing, session, trained
from support.strategies.distil import OldHead
from support.trouble import poison
from torch import Tensor, nn

from forgetbench.train.divergence import all_finite, all_storable, is_stuck
from forgetbench.train.learner import Learner
from forgetbench.train.session import TrainingSession
from forgetbench.train.strategies.base import Strategy

#: The largest number that checkpoints hold.
LARGEST = 65504.0


@pytest.mark.parametrize(
    ("due", "skipped", "losses", "scale", "stuck"),
    [
        (4, 4, [nan] * 4, 1.0, True),
        (4, 4, [1.0, 2.0], 1.0, True),  # the loss is finite, its gradient is not
        (4, 3, [nan] * 4, 1.0, False),
        (4, 0, [1.0] * 4, 1.0, False),
        (0, 0, [nan] * 4, 1.0, False),  # gradients are still being gathered
        (2, 2, [1.0, 2.0], 16384.0, False),  # mixed precision looks for its scale
        (2, 2, [nan, inf], 16384.0, True),
        (2, 2, [nan, 2.0], 16384.0, False),
        (2, 2, [1.0, 2.0], 0.5, True),
    ],
)
def test_a_branch_is_stuck_that_could_take_no_step_in_an_epoch(
    due: int, skipped: int, losses: list[float], scale: float, stuck: bool
) -> None:
    assert is_stuck(due, skipped, losses, scale) is stuck


@pytest.mark.parametrize(
    ("value", "finite", "storable"),
    [(1.0, True, True), (-LARGEST, True, True), (1e5, True, False), (-1e30, True, False), (inf, False, False),
     (nan, False, False)],
)  # fmt: skip
@pytest.mark.parametrize("name", ["weight", "running_var"])
def test_statistics_count_like_weights(name: str, value: float, finite: bool, storable: bool) -> None:
    norm = nn.BatchNorm2d(3)
    norm.state_dict()[name][1] = value
    assert all_finite(norm) is finite
    assert all_storable(norm) is storable


def test_nothing_to_look_at_is_finite() -> None:
    assert all_finite(nn.ReLU())
    assert all_storable(nn.ReLU())


class NaNPenalty(Strategy):
    """A penalty that is not a number from an epoch on; `value` is the epoch."""

    name, options, expected = "nan-penalty", int, "an epoch"
    calls = 0

    def begin(self, weights: Mapping[str, nn.Parameter]) -> None:
        self.calls = 0

    def penalty(self, weights: Mapping[str, nn.Parameter]) -> Tensor:
        self.calls += 1
        factor = nan if self.calls > 2 * (int(self.value) - 1) else 0.0
        return factor * next(iter(weights.values())).square().sum()

    def state(self) -> dict[str, int]:
        return {"calls": self.calls}

    def restore(self, state: dict[str, int]) -> None:
        self.calls = state["calls"]


class BadEnd(Strategy):
    """What is kept of the last epoch is of no use."""

    name, options, expected = "bad-end", float, "a number"

    def finish(self, weights: Mapping[str, Tensor], original: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {name: torch.full_like(weights[name], self.value) for name in list(weights)[:1]}


def nothing(_: TrainingSession) -> None: ...


def nan_weight(made: TrainingSession) -> None:
    poison(made.learners["bad"])


def large_weight(made: TrainingSession) -> None:
    poison(made.learners["bad"], 1e9)


def large_variance(made: TrainingSession) -> None:
    learner = made.learners["bad"]
    for modules in (learner.branch.owned, learner.ema.ema):
        next(value for name, value in modules.state_dict().items() if name.endswith("running_var"))[0] = 1e7


#: How an arm goes wrong, and the words that say so.
KINDS: dict[str, tuple[list[Named], Callable[[TrainingSession], None], str]] = {
    "NaN in a weight": ([], nan_weight, "no longer finite"),
    "a weight beyond float16": ([], large_weight, "too large for a checkpoint"),
    "a variance beyond float16": ([], large_variance, "too large for a checkpoint"),
    "a penalty that is NaN": ([(NaNPenalty, 2)], nothing, "no step could be taken"),
    "an end that is NaN": ([(BadEnd, nan)], nothing, "no longer finite"),
    "an end beyond float16": ([(BadEnd, 1e6)], nothing, "too large for a checkpoint"),
}


def company(folder: Path, kind: str | None) -> TrainingSession:
    """Return a session of an arm that goes wrong in its second epoch, or does not, between two others."""
    strategies = KINDS[kind][0] if kind else []
    arms: dict[str, tuple[int, Sequence[Named]]] = {
        "first": (22, [(OldHead, 1.0)]), "bad": (10, strategies), "last": (15, [])
    }  # fmt: skip
    return session(folder, arms, quick_train(epochs=2, nbs=4, warmup_epochs=0))


def epoch_by_epoch(made: TrainingSession, between: Callable[[TrainingSession], None]) -> list[dict[str, list[float]]]:
    epochs = made.epochs()
    losses = [next(epochs).step_losses]
    between(made)
    return [*losses, *(record.step_losses for record in epochs)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_others_keep_every_bit(tmp_path: Path, kind: str) -> None:
    well, ill = company(tmp_path, None), company(tmp_path, kind)
    losses = epoch_by_epoch(well, nothing)
    state = torch.random.get_rng_state()
    troubled = epoch_by_epoch(ill, KINDS[kind][1])
    assert torch.equal(torch.random.get_rng_state(), state)
    bad = ill.learners["bad"]
    assert bad.diverged
    assert KINDS[kind][2] in str(bad.stopped)
    assert str(bad.stopped).partition("epoch ")[2][0] == "2"
    for arm in ("first", "last"):
        assert [of[arm] for of in troubled] == [of[arm] for of in losses]
        assert not differing(checkpoint(well, arm), checkpoint(ill, arm))
        assert ill.learners[arm].stopped is None


@pytest.mark.parametrize("kind", KINDS)
def test_gone_on_with_after_an_interruption_all_is_the_same(tmp_path: Path, kind: str) -> None:
    whole, first, second = (company(tmp_path, kind) for _ in range(3))
    epoch_by_epoch(whole, KINDS[kind][1])
    epochs = first.epochs()
    next(epochs)
    KINDS[kind][1](first)
    torch.save(first.state(), tmp_path / "state.pt")
    second.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    list(second.epochs())
    for arm in ("first", "last"):
        assert not differing(checkpoint(whole, arm), checkpoint(second, arm))
    kept = [(made.learners["bad"].stopped, made.learners["bad"].skipped_steps) for made in (whole, second)]
    assert kept[0] == kept[1]


def test_a_rate_that_is_far_too_high_is_the_arms_own(tmp_path: Path) -> None:
    train = quick_train(epochs=4, batch=8, nbs=1, optimizer="SGD", lr0=1.0, weight_decay=1.0, warmup_epochs=0, lrf=1.0)
    hot = session(tmp_path, {"a": (22, []), "b": (10, [])}, train)
    records = trained(hot)
    assert {learner.diverged for learner in hot.learners.values()} == {True}
    assert len(records) == max(learner.epochs for learner in hot.learners.values())


def test_an_arm_that_lost_some_steps_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = session(tmp_path, {"a": (22, [])}, quick_train(warmup_epochs=0))
    backward = Learner.backward
    calls: list[int] = []

    def spoil_first(learner: Learner, loss: Tensor) -> None:
        calls.append(1)
        backward(learner, loss * nan if len(calls) == 1 else loss)

    monkeypatch.setattr(Learner, "backward", spoil_first)
    trained(made)
    learner = made.learners["a"]
    assert (learner.steps, learner.skipped_steps, learner.stopped) == (4, 1, None)
