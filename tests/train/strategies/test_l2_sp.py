"""Staying near the original, by hand."""

from pathlib import Path

import pytest
import torch
from support.factories import quick_train
from support.strategy_sessions import session


def test_l2_sp_is_half_the_factor_times_the_squared_distance_of_the_trunk(tmp_path: Path) -> None:
    made = session(tmp_path, {"near": (15, {"l2-sp": 3.0}), "free": (15, {})}, quick_train(epochs=1))
    near, free = made.learners["near"], made.learners["free"]
    near.begin_epoch(0)
    with torch.no_grad():
        near.branch.parameters()["model.15.cv1.conv.weight"].view(-1)[:2] += torch.tensor([0.5, -0.5])
        near.branch.parameters()["model.22.cv3.0.2.bias"].add_(1.0)  # the task head has nothing to stay near
    penalty = near.recipe.penalty(near.branch.parameters())
    assert penalty is not None
    assert penalty.item() == pytest.approx(0.5 * 3.0 * 2 * 0.5**2, rel=1e-4)
    assert free.recipe.penalty(free.branch.parameters()) is None
    (record,) = made.epochs()
    assert record.losses["near"]["penalty"] > 0
    assert "penalty" not in record.losses["free"]
