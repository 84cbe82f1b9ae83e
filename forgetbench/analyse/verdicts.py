"""Verdicts on claims: whether what was measured bears them out, as far as its uncertainty lets one say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from forgetbench.record.rows.differences import Verdict


@dataclass(frozen=True)
class Estimate:
    """What was measured for one arm that a claim speaks of; fractions of AP, or ratios.

    Attributes:
        value: None if it was not measured.
        low, high: Its 95 % interval; equal to the value where there is no uncertainty to speak of.
        by_construction: The value follows from how the networks are put together, not from data.
    """

    value: float | None
    low: float | None
    high: float | None
    by_construction: bool = False


def judge(estimate: Estimate, *, below: float | None, above: float | None) -> Verdict:
    """Return whether an estimate lies on the claimed side of a bound, with its whole interval; undecided without one.

    Args:
        estimate: What was measured.
        below, above: The bound, one of them None. A value that equals it is not on the claimed side.
    """
    if estimate.value is None:
        return "not measured"
    if estimate.low is None or estimate.high is None:
        return "undecided"
    if below is not None:
        low, high, bound = estimate.low, estimate.high, below
    else:
        low, high, bound = -estimate.high, -estimate.low, -(above if above is not None else 0.0)
    if high < bound:
        return "supported"
    return "refuted" if low >= bound else "undecided"


def together(verdicts: Iterable[Verdict], of: Literal["every", "some"]) -> Verdict:
    """Return the verdict on a claim of every arm, or of some arm, from those of its arms.

    A claim of every arm falls with one arm that refutes it, and stands if all support it; a claim of some arm stands
    with one. Where that does not settle it, it is undecided, unless no arm was measured at all.
    """
    found = set(verdicts)
    settles: Verdict = "refuted" if of == "every" else "supported"
    needs_all: Verdict = "supported" if of == "every" else "refuted"
    if settles in found:
        return settles
    if found == {needs_all}:
        return needs_all
    return "not measured" if found <= {"not measured"} else "undecided"
