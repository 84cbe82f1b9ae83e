"""Why the training of an arm may end before the last epoch, in the words that a run keeps and `verify` expects."""

from __future__ import annotations


def out_of_patience(evaluations: int) -> str:
    """Return what is kept of an arm whose target AP no longer got better."""
    return f"no better target AP in {evaluations} evaluations"


def not_finite(epoch: int) -> str:
    """Return what is kept of an arm whose weights or statistics are no longer finite after an epoch."""
    return f"weights were no longer finite after epoch {epoch}"


def too_large(epoch: int) -> str:
    """Return what is kept of an arm whose weights or statistics are finite, but not as checkpoints hold them."""
    return f"weights were too large for a checkpoint (float16) after epoch {epoch}"


def no_step(epoch: int) -> str:
    """Return what is kept of an arm whose gradient was never finite in a whole epoch."""
    return f"no step could be taken in epoch {epoch}: no gradient was finite"


def divergences(epoch: int) -> tuple[str, ...]:
    """Return all that may be kept of an arm that diverged in an epoch."""
    return not_finite(epoch), too_large(epoch), no_step(epoch)
