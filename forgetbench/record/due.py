"""After which epochs an arm's weights are kept and scored: what the suite asks for, as far as its training got."""

from __future__ import annotations


def is_due(epoch: int, every: int, epochs: int) -> bool:
    """Tell whether weights after an epoch are kept: every so many epochs, and after the last of all.

    Args:
        epoch: Completed epochs.
        every: The suite's `evaluation.every`.
        epochs: The suite's `train.epochs`.
    """
    return epoch % every == 0 or epoch == epochs


def checkpoint_epochs(trained: int, every: int, epochs: int, *, diverged: bool) -> list[int]:
    """Return after which epochs an arm that trained so many has a checkpoint; weights that diverged are not kept."""
    last = trained - 1 if diverged else trained
    return [epoch for epoch in range(1, last + 1) if is_due(epoch, every, epochs)]
