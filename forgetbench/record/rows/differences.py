"""Rows of differences between networks with their intervals, of gain against forgetting, and of claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from forgetbench.suite.measures import Measure

Quantity = Literal["gain", "forgetting"]
Verdict = Literal["supported", "refuted", "undecided", "not measured"]


@dataclass(frozen=True)
class IntervalRow:
    """A checkpoint's gain or forgetting with its 95 % interval over images; fractions."""

    model: str
    arm: str
    seed: int
    epoch: int
    head: str
    attach: str | None
    quantity: Quantity
    measure: Measure
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class EvidenceRow:
    """A difference between last checkpoints, over all seeds; fractions, None is not known.

    Attributes:
        model, head, attach: On what it was measured; attach is None for gain.
        quantity: `gain`: how much higher on the target than `against`; `forgetting`: how much lower on the reference.
        measure: Of what.
        treatment, against: Labels; forgetting is against `original` or another treatment.
        seeds: How many pairs the mean is over.
        value: The mean.
        images_low … high: 95 % intervals over images, over seeds, over both; those over seeds need several.
        by_construction: Both sides are the very same networks, so the difference is zero whatever the data.
    """

    model: str
    head: str
    attach: str | None
    quantity: Quantity
    measure: Measure
    treatment: str
    against: str
    seeds: int
    value: float | None
    images_low: float | None
    images_high: float | None
    seeds_low: float | None
    seeds_high: float | None
    low: float | None
    high: float | None
    by_construction: bool


@dataclass(frozen=True)
class FrontRow:
    """A point of a front: a checkpoint that no other of its method beats in both gain and forgetting; fractions.

    Attributes:
        model, head, attach: On what it was measured.
        method: The freeze point or further arm, whatever the setting.
        setting, epoch: Which checkpoint; the setting is None where none vary.
        seeds: How many the means are over.
        gain, forgetting: Means over seeds.
    """

    model: str
    head: str
    attach: str
    method: str
    setting: str | None
    epoch: int
    seeds: int
    gain: float
    forgetting: float


@dataclass(frozen=True)
class EqualGainRow:
    """Forgetting of one method at a gain, or how much more it forgets than another there; fractions.

    Attributes:
        model, head, attach: On what it was measured.
        at_gain: The gain.
        treatment, against: The method, and `original` or another method.
        seeds: How many seeds the mean is over.
        value: Forgetting, less that of `against`.
        images_low … high: 95 % intervals over images, over seeds, over both; those over seeds need several.
        from_setting … share: The checkpoints of the treatment between which its front reaches the gain, and how far it
            is from the first to the second.
    """

    model: str
    head: str
    attach: str
    at_gain: float
    treatment: str
    against: str
    seeds: int
    value: float
    images_low: float | None
    images_high: float | None
    seeds_low: float | None
    seeds_high: float | None
    low: float | None
    high: float | None
    from_setting: str | None
    from_epoch: int
    to_setting: str | None
    to_epoch: int
    share: float


@dataclass(frozen=True)
class ClaimRow:
    """A claim's finding for one arm and head.

    Attributes:
        claim: Its name in the suite.
        model, head, attach, treatment, against: What was compared; head and attach are None where they play no part.
        quantity, measure: What was measured: a fraction of AP, or for memory and time a ratio.
        at_gain: The gain at which forgetting is compared, None for last checkpoints.
        below, above: The claimed bound, one of them None.
        value, low, high: The finding and its 95 % interval; None is not measured.
        seeds: How many seeds it is the mean of, None for memory and time.
        by_construction: The value follows from how the networks are put together.
        verdict: Whether the interval lies on the claimed side.
    """

    claim: str
    model: str
    head: str | None
    attach: str | None
    treatment: str
    against: str
    quantity: str
    measure: str
    at_gain: float | None
    below: float | None
    above: float | None
    value: float | None
    low: float | None
    high: float | None
    seeds: int | None
    by_construction: bool
    verdict: Verdict
