"""Trouble while training, made at chosen places: values that are not finite, memory that runs out."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from forgetbench.train.learner import Learner


def poisoned(patch: pytest.MonkeyPatch, epochs: Mapping[str, int], value: float = float("nan")) -> None:
    """Put a value into a weight of arms, given by a part of their names, at the start of an epoch, counted from 1."""
    begin = Learner.begin_epoch

    def begin_epoch(learner: Learner, epoch: int) -> None:
        begin(learner, epoch)
        if any(name in learner.arm and epoch + 1 == at for name, at in epochs.items()):
            poison(learner, value)

    patch.setattr(Learner, "begin_epoch", begin_epoch)


@torch.no_grad()
def poison(learner: Learner, value: float = float("nan")) -> None:
    """Put a value into the first element of a weight that trains."""
    weight = next(p for p in learner.branch.owned.parameters() if p.requires_grad)
    weight[(0,) * weight.dim()] = value
