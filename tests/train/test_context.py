"""What strategies see of a batch, what that costs, and that nobody else pays for it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import quick_train
from support.sessions import checkpoint, differing, session, trained
from support.strategies.distil import OldHead
from support.strategies.features import Features
from torch import Tensor

from forgetbench.model import yolo
from forgetbench.train.context import StepContext
from forgetbench.train.session import TrainingSession
from forgetbench.train.strategies.base import Strategy
from forgetbench.train.strategies.chosen import Freeze
from forgetbench.train.strategies.l2_sp import L2SP


def forwards(made: TrainingSession) -> Counter[Any]:
    """Count from now on how often each module of the original's trunk, and the first stack of its head, runs."""
    counts: Counter[Any] = Counter()
    modules: dict[Any, Any] = dict(enumerate(made.original.modules[:-1]))
    modules["head"] = made.original.modules[-1].cv3[0]  # type: ignore[index]
    for name, module in modules.items():
        module.register_forward_hook(lambda *_given, name=name: counts.update([name]))
    return counts


def kept_by(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[int]]:
    """Record from now on which modules' outputs every forward keeps."""
    kept: list[frozenset[int]] = []
    run = yolo.run_modules

    def recorded(modules: Any, outputs: Any, x: Any, keep: frozenset[int]) -> Any:
        kept.append(keep)
        return run(modules, outputs, x, keep)

    monkeypatch.setattr("forgetbench.model.yolo.run_modules", recorded)
    return kept


def test_without_strategies_that_look_nothing_more_runs_and_nothing_more_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = session(tmp_path, {"a": (10, []), "b": (4, []), "near": (10, [(L2SP, 0.1)])})
    counts, kept = forwards(made), kept_by(monkeypatch)
    trained(made)
    batches = 2 * made.batches
    assert counts == dict.fromkeys(range(10), batches)
    saved = yolo.saved_indices(made.original.model)
    assert Counter(kept) == {saved | {9, 3}: batches, saved: 3 * batches}


def test_the_original_runs_once_for_all_arms_that_ask(tmp_path: Path) -> None:
    arms: dict[str, Any] = {"a": (10, [(OldHead, 1.0)]), "b": (4, [(OldHead, 1.0), (Features, 12)]), "plain": (10, [])}
    made = session(tmp_path, arms)
    counts = forwards(made)
    trained(made)
    batches = 2 * made.batches
    assert {index: counts[index] for index in range(22)} == dict.fromkeys(range(22), batches)
    assert counts["head"] == 3 * batches  # on its own features, and on those of two branches


def test_an_arm_beside_others_with_strategies_equals_a_plain_session_to_the_last_bit(tmp_path: Path) -> None:
    plain = session(tmp_path, {"a": (10, []), "near": (10, [(L2SP, 0.1)])})
    mixed = session(
        tmp_path, {"d": (10, [(OldHead, 2.0)]), "a": (10, []), "near": (10, [(L2SP, 0.1)]), "f": (10, [(Features, 12)])}
    )
    alone, beside = trained(plain), trained(mixed)
    for arm in ("a", "near"):
        assert differing(checkpoint(plain, arm), checkpoint(mixed, arm)) == set()
        assert [record.step_losses[arm] for record in alone] == [record.step_losses[arm] for record in beside]
        assert [record.losses[arm] for record in alone] == [record.losses[arm] for record in beside]
    assert differing(checkpoint(mixed, "a"), checkpoint(mixed, "d"))
    assert differing(checkpoint(mixed, "a"), checkpoint(mixed, "f"))


def test_a_loss_term_is_added_to_the_mean_loss_per_image(tmp_path: Path) -> None:
    made = session(tmp_path, {"plain": (10, []), "d": (10, [(OldHead, 0.5)])}, quick_train(epochs=1, batch=8))
    (record,) = trained(made)
    assert "old-head" not in record.losses["plain"]
    term = record.losses["d"].pop("old-head")
    assert term > 0
    assert record.losses["d"] == record.losses["plain"]  # the first step's, before anything moved
    added = record.step_losses["d"][0] - record.step_losses["plain"][0]
    assert added == pytest.approx(8 * term, rel=1e-4)


def test_a_trunk_that_is_the_original_s_gives_the_old_head_what_the_original_does(tmp_path: Path) -> None:
    made = session(tmp_path, {"plain": (22, []), "d": (22, [(OldHead, 1.0)])})
    records = trained(made)
    assert {record.losses["d"]["old-head"] for record in records} == {0.0}
    assert differing(checkpoint(made, "plain"), checkpoint(made, "d")) == set()


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_distillation_keeps_the_trunk_nearer_to_the_original(tmp_path: Path, family: str) -> None:
    rest = (Freeze, ["batchnorm-statistics"])  # else the statistics of small batches decide all
    arms: dict[str, Any] = {"loose": (10, [(OldHead, 1e-6), rest]), "near": (10, [(OldHead, 100.0), rest])}
    last = trained(session(tmp_path, arms, quick_train(epochs=4, lr0=0.001), family=family))[-1].losses
    assert last["near"]["old-head"] / 100.0 < 0.7 * last["loose"]["old-head"] / 1e-6


def test_outputs_below_the_freeze_point_are_the_trunk_s_and_the_original_s(tmp_path: Path) -> None:
    seen: list[StepContext] = []

    class Looks(Strategy):
        name, options, expected = "looks", None, "nothing"

        def modules(self) -> frozenset[int]:
            return frozenset({2, 13})

        def loss(self, context: StepContext) -> Tensor | None:
            seen.append(context)
            return None

    made = session(tmp_path, {"a": (10, [(Looks, None)]), "deep": (22, [])}, quick_train(epochs=1))
    trained(made)
    assert len(seen) == made.batches
    for context in seen:
        assert torch.equal(context.outputs[2], context.original.output(2))
        assert not torch.equal(context.outputs[13], context.original.output(13))  # BatchNorm of the batch
        assert context.outputs[13].requires_grad
        assert not context.original.output(13).requires_grad
        with torch.no_grad():
            whole = made.original.model(context.images)[1]
        assert torch.allclose(context.original.head().scores, whole["scores"], atol=1e-5)
        assert context.task_head().scores.shape[1] == 3
        assert context.epoch == 1


def test_what_a_strategy_draws_depends_on_no_other_arm(tmp_path: Path) -> None:
    class Noisy(Strategy):
        name, options, expected = "noisy", None, "nothing"

        def loss(self, context: StepContext) -> Tensor | None:
            scores = context.task_head().scores
            return (torch.rand_like(scores) * scores).mean()

    alone = session(tmp_path, {"b": (22, [(Noisy, None)])})
    joint = session(tmp_path, {"a": (22, [(Noisy, None)]), "b": (22, [(Noisy, None)])})
    records = trained(alone), trained(joint)
    assert [r.step_losses["b"] for r in records[0]] == [r.step_losses["b"] for r in records[1]]
    assert differing(checkpoint(alone, "b"), checkpoint(joint, "b")) == set()
