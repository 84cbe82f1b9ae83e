"""The two quantities everything turns on, as pure functions of AP fractions; None in, None out."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean


def forgetting(before: float | None, after: float | None) -> float | None:
    """Return how much reference AP was lost: before minus after, positive means lost.

    Args:
        before: Reference AP of the original, a fraction.
        after: Reference AP of the checkpoint under one attach point, a fraction.

    Returns:
        A fraction, or None if either was not measured. The definition is Chaudhry et al.'s (2018) for two tasks.
    """
    return None if before is None or after is None else before - after


def specialisation_gain(after: float | None, reference: float | None) -> float | None:
    """Return how much target AP a checkpoint has over the reference arm's: positive means better.

    Args:
        after: Target AP of the checkpoint, a fraction.
        reference: Target AP of the reference arm's last checkpoint, a fraction.

    Returns:
        A fraction, or None if either was not measured.
    """
    return None if after is None or reference is None else after - reference


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean, or None if there are no values or one of them was not measured."""
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def spread(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Return the least and the largest of several values; None for fewer than two, or if one was not measured."""
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if len(known) >= 2 and len(known) == len(values) else None
