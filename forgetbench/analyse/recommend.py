"""Which detector to take home: of those that keep to the bounds with 95 % certainty, the one that gains most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

#: Whether a bound holds: the interval lies within it, beyond it, or reaches across.
Standing = Literal["holds", "undecided", "fails"]


@dataclass(frozen=True)
class Estimated:
    """A difference with its 95 % interval over images, fractions of the measure; None is not known."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Candidate:
    """A combined detector of a run.

    Attributes:
        arm, label, epoch, head, attach: Which checkpoint, head and attach point.
        gain: On the target, over the reference arm.
        target: On the target itself, which ranks all candidates where the gain of one was not measured.
        forgetting: On the reference.
        flops: Operations of one image, None not counted.
    """

    arm: str
    label: str
    epoch: int
    head: str
    attach: str
    gain: Estimated
    target: float | None
    forgetting: Estimated
    flops: int | None


@dataclass(frozen=True)
class Bounds:
    """What a detector may cost; None is no bound.

    Attributes:
        forgetting: Most of the reference that may be lost, a fraction.
        flops: Most operations of one image.
    """

    forgetting: float | None = None
    flops: float | None = None

    def excess(self, candidate: Candidate) -> tuple[float, float]:
        """Return how much more than the bounds a candidate forgets and computes; zero where a bound is kept or none."""
        lost, flops = candidate.forgetting.value, candidate.flops
        forgotten = 0.0 if lost is None or self.forgetting is None else max(0.0, lost - self.forgetting)
        return forgotten, 0.0 if flops is None or self.flops is None else max(0.0, flops - self.flops)


@dataclass(frozen=True)
class Recommendation:
    """What came of looking for a detector.

    Attributes:
        verdict: `met`: there is one that keeps to the bounds; `undecided`: there may be; `impossible`: there is none.
        best: The one to take; undecided, the one that gains most of those that may keep to the bounds, first those
            whose value does; impossible, the one that misses them by least.
        runner_up: The next one of another arm, of the same standing.
        better_if_decided: One that gains more than `best`, whose value keeps to the bounds and whose interval does not.
    """

    verdict: Literal["met", "undecided", "impossible"]
    best: Candidate
    runner_up: Candidate | None
    better_if_decided: Candidate | None


def recommend(candidates: Sequence[Candidate], bounds: Bounds) -> Recommendation | None:
    """Return which candidate to take; None where there are none.

    Equal gains are decided by fewer operations, then by less forgetting; of detectors that are the same, since no
    module between their attach points has parameters, by an attach point that has a name.
    """
    by_standing: dict[Standing, list[Candidate]] = {"holds": [], "undecided": [], "fails": []}
    # gains and scores are not to be compared: where some of the scored have no gain, scores rank all
    by_score = any(one.gain.value is None and one.target is not None for one in candidates)
    for one in sorted(candidates, key=lambda one: _order(one, by_score)):
        by_standing[standing(one, bounds)].append(one)
    holding, open_ones = by_standing["holds"], sorted(by_standing["undecided"], key=lambda one: _miss(one, bounds) > 0)
    if holding:
        likely = (one for one in open_ones if _miss(one, bounds) == 0)
        better = next((one for one in likely if _rank(one, by_score) > _rank(holding[0], by_score)), None)
        return Recommendation("met", holding[0], _of_another_arm(holding), better)
    if open_ones:
        return Recommendation("undecided", open_ones[0], _of_another_arm(open_ones), None)
    nearest = sorted(by_standing["fails"], key=lambda one: _miss(one, bounds))
    return Recommendation("impossible", nearest[0], _of_another_arm(nearest), None) if nearest else None


def standing(candidate: Candidate, bounds: Bounds) -> Standing:
    """Tell whether a candidate keeps to the bounds; one of whose costs is not known is undecided."""
    found = [_forgetting_standing(candidate.forgetting, bounds.forgetting), _flops_standing(candidate, bounds.flops)]
    if "fails" in found:
        return "fails"
    return "undecided" if "undecided" in found else "holds"


def _forgetting_standing(lost: Estimated, most: float | None) -> Standing:
    if most is None:
        return "holds"
    if lost.value is None or lost.low is None or lost.high is None:
        return "undecided"
    if max(lost.high, lost.value) <= most:
        return "holds"
    return "fails" if min(lost.low, lost.value) > most else "undecided"


def _flops_standing(candidate: Candidate, most: float | None) -> Standing:
    if most is None:
        return "holds"
    if candidate.flops is None:
        return "undecided"
    return "holds" if candidate.flops <= most else "fails"


def _miss(candidate: Candidate, bounds: Bounds) -> float:
    """Return by how much a candidate misses the bounds: the larger share of one (of a point or GFLOP where it is 0)."""
    forgotten, flops = bounds.excess(candidate)
    return max(forgotten / (bounds.forgetting or 0.01), flops / (bounds.flops or 1e9))


def images_to_decide(lost: Estimated, most: float, images: int) -> int | None:
    """Return how many reference images would about tell on which side of a bound forgetting lies.

    The interval narrows with the root of the number of images (Efron 1979), around the value that there is now.

    Args:
        lost: What was measured.
        most: The bound.
        images: On how many images.

    Returns:
        None where the value is the bound itself or nothing was measured: then no number would.
    """
    if lost.value is None or lost.low is None or lost.high is None or lost.value == most:
        return None
    across = lost.high - lost.value if lost.value < most else lost.value - lost.low
    return math.ceil(images * (across / (most - lost.value)) ** 2)


def _rank(candidate: Candidate, by_score: bool) -> float:
    """Return what candidates are ranked by: gain, or the target's own score."""
    found = candidate.target if by_score else candidate.gain.value
    return -math.inf if found is None else found


def _order(candidate: Candidate, by_score: bool) -> tuple[float, float, float, bool]:
    lost = candidate.forgetting.value
    flops = math.inf if candidate.flops is None else candidate.flops
    return -_rank(candidate, by_score), flops, math.inf if lost is None else lost, candidate.attach.isdecimal()


def _of_another_arm(ranked: Iterable[Candidate]) -> Candidate | None:
    listed = list(ranked)
    return next((one for one in listed if one.arm != listed[0].arm), None)
