"""Bytes measured in training, and that measuring changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import quick_train
from support.strategy_sessions import moved, session

from forgetbench.record.rows.training import MemoryRow
from forgetbench.train.memory import batch_that_fits, images_of


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


def measured(saved: int, how: str, *, optimizer: int | None = 20, peak: int | None = None) -> list[MemoryRow]:
    sizes = {"parameters": 100, "gradients": 10, "optimizer": optimizer, "saved_for_backward": saved,
             "max_allocated": peak}  # fmt: skip
    return [MemoryRow("a", kind, size, "cpu", how) for kind, size in sizes.items()]


@pytest.mark.parametrize(
    ("rows", "free", "side", "fits"),
    [
        (measured(800, "first step of epoch 1, 8 images of 64x64"), 1230, 64, 10),  # (1230 - 230) / 100
        (measured(800, "first step of epoch 1, 8 images of 64x64"), 1230, 128, 2),  # images four times as large
        (measured(800, "first step of epoch 1, 8 images of 64x32"), 1230, 64, 5),
        (measured(800, "first step of epoch 1, 8 images of 64x64", optimizer=None), 1230, 64, 10),
        (measured(800, "first step of epoch 1, 8 images of 64x64", peak=1600), 1230, 64, 5),
        (measured(800, "first step of epoch 1, 8 images of 64x64"), 200, 64, 0),
        (measured(800, "no images are named"), 1230, 64, None),
        ([], 1230, 64, None),
    ],
)
def test_the_batch_that_fits_follows_from_what_was_measured(
    rows: list[MemoryRow], free: int, side: int, fits: int | None
) -> None:
    assert batch_that_fits(rows, free, side) == fits


def test_what_is_measured_says_for_which_images(tmp_path: Path) -> None:
    made = session(tmp_path, {"a": (22, {})}, quick_train(epochs=1))
    rows = [row for record in made.epochs() for row in record.memory]
    assert [images_of(row) for row in rows if row.kind == "saved_for_backward"] == [(4, 4 * 64 * 64)]
    assert batch_that_fits(rows, 10**9, 64) == pytest.approx(2 * (batch_that_fits(rows, 5 * 10**8, 64) or 0), rel=0.05)
