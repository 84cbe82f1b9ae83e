"""Strategies of every kind: each trained with others equals it alone and resumed, and the end may be changed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import drawn_dataset, quick_train, tiny_original
from support.sessions import Named, checkpoint, differing, session, trained
from support.strategies.distil import OldHead
from support.strategies.interpolate import Interpolate
from support.strategies.low_rank import LowRank
from support.strategies.replay import Replay
from torch import Tensor

from forgetbench.errors import RunError, SuiteError
from forgetbench.model.parts import Parts
from forgetbench.train.context import StepContext
from forgetbench.train.session import TrainingSession
from forgetbench.train.strategies.base import DataSplit, Strategy


class Slowing(Strategy):
    """Asks less of the scores with every batch that it has seen."""

    name, options, expected = "slowing", None, "nothing"

    def begin(self, weights: Mapping[str, Any]) -> None:
        self.seen = 0

    def loss(self, context: StepContext) -> Tensor | None:
        self.seen += 1
        return context.task_head().scores.square().mean() / self.seen

    def state(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def restore(self, state: dict[str, Any]) -> None:
        self.seen = state["seen"]


ARMS: dict[str, tuple[int, Sequence[Named]]] = {
    "plain": (10, []),
    "distilled": (10, [(OldHead, 0.1)]),
    "replayed": (10, [(Replay, 3)]),
    "low-rank": (10, [(LowRank, 2)]),
    "interpolated": (10, [(Interpolate, 0.5)]),
    "slowing": (10, [(Slowing, None)]),
    "all": (10, [(OldHead, 0.1), (Replay, 3), (LowRank, 2), (Interpolate, 0.5), (Slowing, None)]),
}
TRAIN = quick_train(epochs=3, nbs=16)  # gradients accumulate across epochs


def made_of(folder: Path, *arms: str) -> TrainingSession:
    data: dict[DataSplit, Any] = {"reference.train": drawn_dataset(folder / "old", 5)}
    return session(folder, {arm: ARMS[arm] for arm in arms}, TRAIN, data=data)


@pytest.fixture(scope="module")
def joint(tmp_path_factory: pytest.TempPathFactory) -> TrainingSession:
    made = made_of(tmp_path_factory.mktemp("joint"), *ARMS)
    trained(made)
    return made


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm != "plain"])
def test_a_strategy_trained_with_others_equals_it_alone_and_resumed_to_the_last_bit(
    tmp_path: Path, joint: TrainingSession, arm: str
) -> None:
    first = made_of(tmp_path, arm)
    next(first.epochs())
    torch.save(first.state(), tmp_path / "state.pt")
    resumed = made_of(tmp_path, arm)
    resumed.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert [record.epoch for record in resumed.epochs()] == [2, 3]
    assert differing(checkpoint(joint, arm), checkpoint(resumed, arm)) == set()
    assert differing(checkpoint(joint, "plain"), checkpoint(joint, arm))


def test_only_the_last_epoch_s_weights_are_changed_at_the_end(tmp_path: Path) -> None:
    arms: dict[str, Any] = {"plain": (10, []), "none": (10, [(Interpolate, 0.0)]), "half": (10, [(Interpolate, 0.5)])}
    made = session(tmp_path, arms)
    original = made.original.model.state_dict()
    epochs = made.epochs()
    next(epochs)
    assert differing(checkpoint(made, "plain"), checkpoint(made, "half")) == set()
    next(epochs)
    plain, none, half = (checkpoint(made, arm) for arm in arms)
    trunk = {name for name in plain if not name.startswith("model.22.")}
    kernel = "model.15.m.0.cv1.conv.weight"
    assert not torch.equal(plain[kernel], original[kernel])
    assert differing({n: none[n] for n in trunk}, {n: original[n] for n in trunk}) <= {
        name for name in trunk if name.endswith("num_batches_tracked")
    }
    assert torch.allclose(half[kernel], (plain[kernel] + original[kernel]) / 2, atol=1e-7)
    assert torch.allclose(
        half["model.15.cv1.bn.running_mean"],
        (plain["model.15.cv1.bn.running_mean"] + original["model.15.cv1.bn.running_mean"]) / 2,
        atol=1e-7,
    )
    head = {name for name in plain if name not in trunk}
    assert differing({n: plain[n] for n in head}, {n: half[n] for n in head}) == set()


def test_weights_that_are_no_longer_finite_are_not_changed_at_the_end(tmp_path: Path) -> None:
    class Asked(Interpolate):
        def finish(self, weights: Mapping[str, Tensor], original: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
            raise AssertionError("there is nothing to finish")

    made = session(tmp_path, {"a": (22, [(Asked, 0.5)]), "b": (22, [])}, quick_train(epochs=1))
    with torch.no_grad():
        next(made.learners["a"].branch.owned.parameters()).fill_(float("nan"))
    trained(made)
    assert made.learners["a"].diverged
    assert not made.learners["b"].diverged


@pytest.mark.parametrize(
    "given", [{"model.3.conv.weight": torch.zeros(1)}, {"model.15.cv1.conv.weight": torch.zeros(1)}]
)
def test_what_does_not_train_or_has_another_shape_is_refused_at_the_end(
    tmp_path: Path, given: dict[str, Tensor]
) -> None:
    class Wrong(Strategy):
        name, options, expected = "wrong", None, "nothing"

        def finish(self, weights: Mapping[str, Tensor], original: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
            return given

    made = session(tmp_path, {"a": (10, [(Wrong, None)])}, quick_train(epochs=1))
    with pytest.raises(RunError, match=r"model\.\d+\..*: wrong changed what it may not; expected a part that trains"):
        trained(made)


def test_patience_beside_a_changed_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"interpolate changes the last epoch's weights.*patience 0, found 3"):
        session(tmp_path, {"a": (10, [(Interpolate, 0.5)])}, quick_train(patience=3))
    session(tmp_path, {"a": (10, [(OldHead, 0.5)])}, quick_train(patience=3))


def test_a_strategy_begins_anew_with_every_session(tmp_path: Path) -> None:
    made = made_of(tmp_path, "slowing")
    trained(made)
    recipe = made.learners["slowing"].recipe
    assert recipe.state() == {"slowing": {"seen": 6}}
    recipe.begin({}, 0)
    assert recipe.state() == {"slowing": {"seen": 0}}


def test_what_a_strategy_does_not_decide_stays_as_it_is() -> None:
    parts = Parts(tiny_original())
    plain = Strategy("value", parts, "here")
    assert (plain.value, plain.parts, plain.where) == ("value", parts, "here")
    part = next(iter(parts))
    assert (plain.freeze_point(3, 10), plain.trains(part), plain.rate(part)) == (10, True, 1.0)
    assert (plain.modules(), plain.sources({}, 0), plain.reparametrise({})) == (frozenset(), (), {})
    assert (plain.penalty({}), plain.state(), plain.finish({}, {})) == (None, {}, {})
