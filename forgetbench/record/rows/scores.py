"""Rows of what is scored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ResultRow:
    """One scored thing: a network on a dataset. AP are fractions; None is not measured."""

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


@dataclass(frozen=True)
class OddityRow:
    """Something odd in the data, see `Oddity`, with the role of the data."""

    role: str
    kind: str
    file: str
    detail: str
