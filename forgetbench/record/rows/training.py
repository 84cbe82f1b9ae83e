"""Rows of what is measured while training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GradientRow:
    """Norms of one module at one optimizer step; None for a frozen module.

    Attributes:
        arm, epoch, step: Whose step; epochs and optimizer steps count from 1.
        module: `model.<index>`.
        norm: L2 norm of the gradient, after unscaling and before clipping.
        weight_norm: L2 norm of the weights before the step.
        update_norm: L2 norm of the change that the step made.
    """

    arm: str
    epoch: int
    step: int
    module: str
    norm: float | None
    weight_norm: float | None
    update_norm: float | None


@dataclass(frozen=True)
class MemoryRow:
    """Bytes of one kind that an arm needs, on which device, and how they were measured; None if they were not."""

    arm: str
    kind: str
    bytes: int | None
    device: str
    how: str


@dataclass(frozen=True)
class TimeRow:
    """Seconds an arm took in one epoch.

    Attributes:
        arm: Name of the arm; empty for what all arms share (loading, preparing, the frozen forward).
        epoch: Counted from 1.
        steps: Batches.
        seconds: Summed over the epoch.
        utilisation: Mean GPU utilisation over the epoch as a fraction, on the shared row only.
    """

    arm: str
    epoch: int
    steps: int
    seconds: float
    utilisation: float | None = None


@dataclass(frozen=True)
class SessionTimeRow:
    """A `TimeRow` with the model and seed of its joint training."""

    model: str
    seed: int
    arm: str
    epoch: int
    steps: int
    seconds: float
    utilisation: float | None = None


@dataclass(frozen=True)
class LossRow:
    """The mean of a part of an arm's loss over the batches of an epoch; None where it is no number."""

    arm: str
    epoch: int
    part: str
    loss: float | None
