"""Rows of what is scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: What tables call the model that arms grow off, where others have the name of an arm.
ORIGINAL = "original"
#: The variant of a checkpoint's networks that is the checkpoint as it is.
TRAINED = "trained"
#: A score of 0.25, and the threshold at which the original's F1 on the reference is largest.
OperatingPoint = Literal["0.25", "best-f1"]


@dataclass(frozen=True)
class ResultRow:
    """One scored thing: a network on a dataset. AP are fractions; None is not measured.

    `variant` says how a checkpoint's network was put together, see `evaluate/variants.py`; the original has none.
    """

    arm: str
    model: str
    freeze_point: int | None
    strategy: str | None
    seed: int | None
    epoch: int
    dataset: str
    role: str
    attach: str | None
    head: str
    ap: float | None
    ap50: float | None
    ap75: float | None
    ap_small: float | None
    ap_medium: float | None
    ap_large: float | None
    images: int
    instances: int
    detections: str
    setting: str | None
    variant: str | None


@dataclass(frozen=True)
class ClassRow:
    """AP of one class of one scored thing."""

    arm: str
    epoch: int
    role: str
    attach: str | None
    head: str
    label: int
    name: str
    ap: float
    variant: str | None


@dataclass(frozen=True)
class OddityRow:
    """Something odd in the data, see `Oddity`, with the role of the data."""

    role: str
    kind: str
    file: str
    detail: str


@dataclass(frozen=True)
class OperatingRow:
    """One scored thing of `results.csv` at one operating point; rates are fractions, None is not measured.

    Attributes:
        model, arm, seed, epoch, role, attach, head: Which.
        point: `0.25` or `best-f1`.
        threshold: The score above which detections count; None if the original finds nothing, or if detections were
            kept above a higher score only.
        recall, precision, f1: At IoU 0.5, over all classes and images at once.
        right, wrong: Detections that match an object, and those that match neither an object nor a crowd region.
        objects: Annotated boxes without crowd regions.
        detections: File that all of it comes from.
    """

    model: str
    arm: str
    seed: int | None
    epoch: int
    role: str
    attach: str | None
    head: str
    point: OperatingPoint
    threshold: float | None
    recall: float | None
    precision: float | None
    f1: float | None
    right: int | None
    wrong: int | None
    objects: int
    detections: str
