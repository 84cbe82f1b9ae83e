"""The bytes one branch needs while it trains, measured at the first steps after its trainable parts change."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from forgetbench.meters import solo_peak
from forgetbench.record.rows.training import MemoryRow
from forgetbench.train.learner import Learner
from forgetbench.train.probes import optimizer_bytes, tensor_bytes

_IMAGES = re.compile(r", (\d+) images of (\d+)x(\d+)$")


def residents(learner: Learner) -> list[Tensor]:
    """Return what a branch's whole model holds, frozen modules included, and what some of its weights are made from."""
    return [*learner.branch.model.parameters(), *learner.branch.model.buffers(), *learner.made.state_dict().values()]


def backward_rows(learner: Learner, saved: int, images: Tensor, epoch: int) -> list[MemoryRow]:
    """Return what is held after an epoch's first backward pass, given the bytes that were saved for it."""
    count, _, height, width = images.shape
    how = f"saved_tensors_hooks, first step of epoch {epoch}, {count} images of {width}x{height}"
    gradients = tensor_bytes(parameter.grad for parameter in learner.branch.owned.parameters())
    return [
        _row(learner, "saved_for_backward", saved, how),
        _row(learner, "parameters", tensor_bytes(residents(learner)), "whole model, buffers included"),
        _row(learner, "gradients", gradients, "tensor sizes"),
    ]


def images_of(row: MemoryRow) -> tuple[int, int] | None:
    """Return for how many images, and for how many pixels in all, a row of `saved_for_backward` was measured."""
    found = _IMAGES.search(row.how)
    if found is None:
        return None
    count, width, height = map(int, found.groups())
    return count, count * width * height


def batch_that_fits(rows: Iterable[MemoryRow], free: int, side: int) -> int | None:
    """Return about how many images a step of a branch has room for, by what was measured of it; None if too little was.

    A branch holds its parameters twice, with the average; its gradients; and what its optimizer keeps, which is taken
    as two moments where it was not measured. What a step takes besides grows with the images.

    Args:
        rows: What was measured of the branch.
        free: Bytes of memory without it.
        side: Pixels along each side of the images.
    """
    by_kind = {row.kind: row for row in rows if row.bytes is not None}
    saved = by_kind.get("saved_for_backward")
    images = images_of(saved) if saved else None
    if saved is None or images is None or not {"parameters", "gradients"} <= by_kind.keys():
        return None
    size = {kind: row.bytes or 0 for kind, row in by_kind.items()}
    optimizer = size.get("optimizer", 2 * size["gradients"])
    of_step = max(size["saved_for_backward"], size.get("max_allocated", 0))
    left = free - 2 * size["parameters"] - size["gradients"] - optimizer
    return max(0, int(left / (of_step / images[1] * side * side)))


def optimizer_row(learner: Learner) -> MemoryRow:
    """Return the optimizer's state, which is complete once every trainable part has had a step."""
    return _row(learner, "optimizer", optimizer_bytes(learner.trainer.optimizer), "tensor sizes")


def solo_rows(learner: Learner, forward_and_backward: Callable[[], None]) -> list[MemoryRow]:
    """Measure the peak of one step without the other branches on CUDA; what it changes is put back."""
    before = {key: value.clone() for key, value in learner.branch.owned.state_dict().items()}
    strategies = copy.deepcopy(learner.recipe.state())
    parameters = list(learner.branch.owned.parameters())
    accumulated = [parameter.grad for parameter in parameters]
    without_gradients: Callable[[], None] = lambda: learner.trainer.optimizer.zero_grad(set_to_none=True)  # noqa: E731
    without_gradients()
    peaks = solo_peak(learner.trainer.device, forward_and_backward, without_gradients)
    if peaks is not None:
        learner.branch.owned.load_state_dict(before)
        learner.recipe.restore(strategies)
    for parameter, gradient in zip(parameters, accumulated, strict=True):
        parameter.grad = gradient
    how = "peak of a solo step above what was resident" if peaks else "needs CUDA"
    allocated, reserved = peaks if peaks else (None, None)
    return [_row(learner, "max_allocated", allocated, how), _row(learner, "max_reserved", reserved, how)]


def _row(learner: Learner, kind: str, count: int | None, how: str) -> MemoryRow:
    device: torch.device = learner.trainer.device
    return MemoryRow(learner.arm, kind, count, str(device), how)
