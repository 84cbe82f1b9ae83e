"""How often a GPU is waited for: for each step and branch of training, for each batch and network evaluated."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import torch

from forgetbench.evaluate import passes
from forgetbench.train.session import TrainingSession
from gpu.waits import Waits, counted, owner_of

#: What counts inside a block.
CountsInside = Callable[[], AbstractContextManager[Waits]]


@contextmanager
def heard() -> Iterator[Waits]:
    """Count what PyTorch itself says of a GPU inside the block: every operation that waited for one."""
    waits: Waits = Counter()

    def show(message: Any, *_given: Any, **_named: Any) -> None:
        if "synchronizing CUDA operation" in str(message):
            waits["heard", owner_of(sys._getframe(1))] += 1

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield waits
        finally:
            torch.cuda.set_sync_debug_mode("default")


def difference(more: Waits, less: Waits) -> Waits:
    """Return what one count has beyond another, in no case less than nothing."""
    return +Counter({key: more[key] - less[key] for key in more})


def waits_of_a_step(session: TrainingSession, counter: CountsInside = counted) -> Waits:
    """Train one epoch of at least two batches and return what the last one waits for."""
    after: list[Waits] = []
    with counter() as waits:
        next(session.epochs(lambda _epoch, _done: after.append(waits.copy())))
    return [difference(later, before) for before, later in pairwise(after)][-1]


def waits_of_a_branch(make: Callable[[int], TrainingSession], counter: CountsInside = counted) -> tuple[Waits, Waits]:
    """Return what a step waits for in each branch, and what once for all; `make` gives sessions of so many branches."""
    one, two = (waits_of_a_step(make(branches), counter) for branches in (1, 2))
    each = difference(two, one)
    return each, difference(one, each)


@contextmanager
def as_on_a_gpu() -> Iterator[None]:
    """Let whole batches be evaluated in turn and suppressed together, as on a GPU, whatever the device.

    They are computed in the calling thread, the one whose waits are counted.
    """
    with (
        patch.object(passes, "suppresses_together", lambda _device: True),
        patch.object(passes, "compute_workers", lambda _device: 1),
        patch.object(passes, "side_by_side", lambda work, inputs, _workers: map(work, inputs)),
    ):
        yield


def waits_of_a_pass(run: Callable[[], object], counter: CountsInside = counted) -> Waits:
    """Return what evaluating waits for as on a GPU, the second time, when nothing is met for the first time."""
    with as_on_a_gpu():
        run()
        with counter() as waits:
            run()
    return waits
