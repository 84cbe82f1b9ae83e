"""Bytes measured in training, and that measuring changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import quick_train
from support.strategy_sessions import moved, session


def test_measuring_a_solo_step_leaves_training_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients accumulate over the epoch at whose start other parts begin to train and a step is measured alone."""
    arms: dict[str, tuple[int, dict[str, Any]]] = {"a": (22, {"unfreeze": {2: 15, 4: 0}})}
    train = quick_train(epochs=4, nbs=12)
    plain = session(tmp_path, arms, train)
    for _ in plain.epochs():
        pass

    def measured(_device: torch.device, step: Callable[[], None], put_back: Callable[[], None]) -> tuple[int, int]:
        step()
        put_back()
        step()
        return 1, 2

    monkeypatch.setattr("forgetbench.train.memory.solo_peak", measured)
    watched = session(tmp_path, arms, train)
    rows = [row for record in watched.epochs() for row in record.memory if row.kind == "max_reserved"]
    assert [row.bytes for row in rows] == [2, 2, 2]
    assert moved(plain.learners["a"].checkpoint_tensors(), watched.learners["a"].checkpoint_tensors()) == set()
