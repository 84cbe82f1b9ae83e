"""Weights that are made from other parameters: the chain rule, what trains, and what checkpoints hold."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import quick_train
from support.sessions import checkpoint, differing, session, trained
from support.strategies.low_rank import LowRank
from torch import Tensor, nn

from forgetbench.errors import RunError, SuiteError
from forgetbench.train.probes import optimizer_bytes
from forgetbench.train.reparametrised import Reparametrised
from forgetbench.train.strategies.base import Strategy
from forgetbench.train.strategies.layerwise import Layerwise
from forgetbench.train.strategies.unfreeze import Unfreeze

KERNEL = "model.15.m.0.cv1.conv.weight"


class Itself(nn.Module):
    """A weight made of a parameter that equals it."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach().clone())

    def forward(self) -> Tensor:
        return self.weight * 1


class Renamed(Strategy):
    name, options, expected = "renamed", None, "nothing"

    def reparametrise(self, weights: Mapping[str, nn.Parameter]) -> Mapping[str, nn.Module]:
        return {name: Itself(weight) for name, weight in weights.items() if name.startswith("model.1")}


def test_the_gradient_of_a_weight_reaches_what_it_is_made_from_by_the_chain_rule() -> None:
    class Square(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.root = nn.Parameter(torch.tensor([3.0, -2.0]))

        def forward(self) -> Tensor:
            return self.root**2

    weight, module = nn.Parameter(torch.zeros(2)), Square()
    made = Reparametrised({"a.b": weight}, {"a.b": module})
    assert weight.tolist() == [9.0, 4.0]
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    scaler.scale(torch.zeros(1))
    for _ in range(2):  # gradients accumulate
        (8 * weight @ torch.tensor([1.0, 10.0])).backward()  # type: ignore[no-untyped-call]
    made.pull_back(scaler)
    assert module.root.grad is not None
    assert module.root.grad.tolist() == [2 * 8 * 2 * 3.0, 2 * 8 * 2 * -20.0]  # the optimizer's to unscale
    assert weight.grad is not None
    assert weight.grad.tolist() == [2.0, 20.0]
    with torch.no_grad():
        module.root.copy_(torch.tensor([1.0, 5.0]))
    made.after_step()
    assert weight.tolist() == [1.0, 25.0]
    assert weight.grad is None
    module.root.data[0] = 4.0
    weight.requires_grad = False
    made.after_step()
    assert weight.tolist() == [1.0, 25.0]  # a weight that rests stays as it is


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD", "MuSGD"])
def test_weights_made_of_parameters_that_equal_them_train_as_they_do(tmp_path: Path, optimizer: str) -> None:
    train = quick_train(optimizer=optimizer, nbs=8, lr0=0.002)
    rates = (Layerwise, 0.5)
    made = session(tmp_path, {"plain": (10, [rates]), "renamed": (10, [rates, (Renamed, None)])}, train)
    records = trained(made)
    assert differing(checkpoint(made, "plain"), checkpoint(made, "renamed")) == set()
    norms = [
        [
            (row.module, row.step, row.norm, row.update_norm)
            for record in records
            for row in record.gradients
            if row.arm == a
        ]
        for a in ("plain", "renamed")
    ]
    assert norms[0] == norms[1]
    assert records[-1].step_losses["plain"] == records[-1].step_losses["renamed"]


def test_low_rank_factors_move_a_kernel_within_their_rank_and_checkpoints_stay_plain(tmp_path: Path) -> None:
    made = session(tmp_path, {"plain": (10, []), "low": (10, [(LowRank, 1)])})
    before = {name: tensor.clone() for name, tensor in made.learners["low"].branch.state().items()}
    trained(made)
    after = made.learners["low"].branch.state()
    moved = (after[KERNEL] - before[KERNEL]).flatten(1)
    assert moved.abs().max() > 0
    assert torch.linalg.matrix_rank(moved, rtol=1e-3) == 1
    plain = made.learners["plain"]
    assert torch.linalg.matrix_rank((plain.branch.state()[KERNEL] - before[KERNEL]).flatten(1), rtol=1e-3) > 1
    assert checkpoint(made, "low").keys() == checkpoint(made, "plain").keys()
    # AdamW keeps two values of each factor, and none of the kernels
    optimizers = {arm: made.learners[arm].trainer.optimizer for arm in ("plain", "low")}
    assert optimizer_bytes(optimizers["low"]) < optimizer_bytes(optimizers["plain"])
    inside = {id(p) for group in optimizers["low"].param_groups for p in group["params"]}
    assert id(made.learners["low"].branch.parameters()[KERNEL]) not in inside


def test_the_average_is_that_of_the_weights_and_not_of_their_factors(tmp_path: Path) -> None:
    made = session(tmp_path, {"low": (10, [(LowRank, 1)])}, quick_train(epochs=1))
    learner, after_step = made.learners["low"], list[Tensor]()
    update = learner.ema.update

    def watched(owned: nn.Module) -> None:
        after_step.append(learner.branch.parameters()[KERNEL].detach().clone())
        update(owned)

    learner.ema.update = watched
    average = checkpoint(made, "low")[KERNEL]
    trained(made)
    for number, weight in enumerate(after_step, start=1):
        decay = learner.ema.decay(number)
        average = decay * average + (1 - decay) * weight
    assert torch.allclose(average, checkpoint(made, "low")[KERNEL], atol=1e-7)
    assert len(after_step) == made.batches


def test_a_replaced_weight_rests_while_the_freeze_point_is_above_it(tmp_path: Path) -> None:
    made = session(tmp_path, {"low": (22, [(LowRank, 1), (Unfreeze, {2: 15})])})
    start = made.learners["low"].branch.parameters()[KERNEL].detach().clone()
    moved = [not torch.equal(start, made.learners["low"].branch.parameters()[KERNEL]) for _ in made.epochs()]
    assert moved == [False, True]


@pytest.mark.parametrize(
    ("made_by", "error", "said"),
    [
        (lambda weights: {"model.3.x": Itself(torch.zeros(1))}, RunError, r"model\.3\.x: .* does not have"),
        (
            lambda weights: {KERNEL: Itself(torch.zeros(3))},
            RunError,
            r"expected the shape \(\d+, \d+, 3, 3\), found \(3,\)",
        ),
    ],
)
def test_what_is_no_weight_or_another_is_refused(
    tmp_path: Path, made_by: Callable[[Any], Any], error: type[Exception], said: str
) -> None:
    class Wrong(Strategy):
        name, options, expected = "wrong", None, "nothing"

        def reparametrise(self, weights: Mapping[str, nn.Parameter]) -> Mapping[str, nn.Module]:
            return made_by(weights)  # type: ignore[no-any-return]

    with pytest.raises(error, match=said):
        session(tmp_path, {"a": (10, [(Wrong, None)])})


def test_two_strategies_that_make_the_same_weight_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"another strategy of the arm makes the same weight; found model\.1"):
        session(tmp_path, {"a": (10, [(Renamed, None), (LowRank, 2)])})
