"""Rows of what it costs to keep what was known: modules one by one, and the detectors that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: `trunk`: a module below the head, in the original and, as large, in every branch. The heads are the original's, the
#: task head, and the one that a combined detector has for both.
ModulePart = Literal["trunk", "original head", "task head", "both heads"]


@dataclass(frozen=True)
class ModuleRow:
    """What a module costs when detecting.

    Attributes:
        model: Name of the original.
        arm: Whose head; None for what all arms share.
        head: Under which of a head's stacks, those alone counted; None for a module of the trunk.
        part: What it is.
        module: Its index in the original.
        parameters: With BatchNorm folded into convolutions.
        flops: Floating point operations for one square image of the evaluation's size, a multiply-add as two.
        bytes: Its tensors in a file of weights, float16.
    """

    model: str
    arm: str | None
    head: str | None
    part: ModulePart
    module: int
    parameters: int
    flops: int
    bytes: int


@dataclass(frozen=True)
class PriceRow:
    """What the combined detector of an arm costs under one attach point, in the units of `ModuleRow`.

    Attributes:
        model, arm, head, attach: Which.
        module: The first module that it has twice: the original's beside the branch's. The head's index is none.
        parameters, flops, bytes: Of the combined detector.
        original_parameters, original_flops, original_bytes: Of the original alone.
        two_parameters, two_flops, two_bytes: Of the original and the arm's own detector, two models.
    """

    model: str
    arm: str
    head: str
    attach: str
    module: int
    parameters: int
    flops: int
    bytes: int
    original_parameters: int
    original_flops: int
    original_bytes: int
    two_parameters: int
    two_flops: int
    two_bytes: int
