"""How often a GPU would be waited for: for each step and branch of training, for each batch and network evaluated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from unittest.mock import patch

from forgetbench.evaluate import passes
from forgetbench.train.session import TrainingSession
from gpu.waits import Waits, counted


def difference(more: Waits, less: Waits) -> Waits:
    """Return what one count has beyond another, in no case less than nothing."""
    return +Counter({key: more[key] - less[key] for key in more})


def waits_of_a_step(session: TrainingSession) -> Waits:
    """Train one epoch of at least three equal batches and return what each batch after the first waits for.

    Raises:
        ValueError: batches differ.
    """
    after: list[Waits] = []
    with counted() as waits:
        next(session.epochs(lambda _epoch, _done: after.append(waits.copy())))
    steps = [difference(later, before) for before, later in pairwise(after)]
    if not steps or any(step != steps[0] for step in steps):
        raise ValueError(f"expected equal steps, found {steps}")
    return steps[0]


def waits_of_a_branch(make: Callable[[int], TrainingSession]) -> tuple[Waits, Waits]:
    """Return what a step waits for in each branch, and what once for all; `make` gives sessions of so many branches."""
    one, two = (waits_of_a_step(make(branches)) for branches in (1, 2))
    each = difference(two, one)
    return each, difference(one, each)


@contextmanager
def in_one_thread() -> Iterator[None]:
    """Let a pass compute in the calling thread, the one whose waits are counted."""
    with patch.object(passes, "side_by_side", lambda work, inputs, _workers: map(work, inputs)):
        yield
