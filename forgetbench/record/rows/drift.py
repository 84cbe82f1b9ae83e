"""Rows of how far checkpoints moved from the original, and of what is shown of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Adapted = Literal["statistics", "weights", "both"]


@dataclass(frozen=True)
class DriftRow:
    """How far one module of an arm's last checkpoint has moved from the original's; None is not measured.

    Attributes:
        arm, model, seed, epoch: Which checkpoint.
        module, kind: Which module of its trunk, as `model.<index>`; cells of modules below the freeze point are None.
        cka, distance: Of the module's output on reference images, what came before included.
        weight_change, mean_change, variance_change: Of the module's own parameters and BatchNorm statistics.
        images: How many images `cka` and `distance` rest on.
    """

    arm: str
    model: str
    seed: int
    epoch: int
    module: str
    kind: str
    cka: float | None
    distance: float | None
    weight_change: float | None
    mean_change: float | None
    variance_change: float | None
    images: int | None


@dataclass(frozen=True)
class BatchNormRow:
    """Reference AP under attach = head with a part of a trunk adapted; fractions, None is not measured.

    Attributes:
        model, arm, seed, epoch, head: Which checkpoint and head.
        adapted: What is the checkpoint's: BatchNorm's running statistics, all weights, or both; the rest is the
            original's.
        ap: Reference AP.
        forgetting: The original's AP minus it; positive is lost.
        low, high: Its 95 % interval over images.
        detections: File that the score comes from; None where the arm adapts no BatchNorm below its head.
    """

    model: str
    arm: str
    seed: int
    epoch: int
    head: str
    adapted: Adapted
    ap: float | None
    forgetting: float | None
    low: float | None
    high: float | None
    detections: str | None


@dataclass(frozen=True)
class CamRow:
    """One map that was drawn.

    Attributes:
        model, dataset, role: Where.
        rule, image: Why the image was chosen, and its name.
        arm, epoch, head: Which network.
        score: F1 of the network's detections on the image, None where there is nothing to score.
        method: How the map was made.
    """

    model: str
    dataset: str
    role: str
    rule: str
    image: str
    arm: str
    epoch: int
    head: str
    score: float | None
    method: str
