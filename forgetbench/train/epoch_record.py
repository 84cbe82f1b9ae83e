"""What an epoch of joint training gave: of each branch, and of all together as a run keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from forgetbench.record.rows.training import GradientRow, MemoryRow, TimeRow
from forgetbench.train.context import SHARED


@dataclass
class EpochRecord:
    """What one epoch of joint training produced; `losses` are means per arm over the epoch's batches."""

    epoch: int
    losses: dict[str, dict[str, float]] = field(default_factory=dict)
    step_losses: dict[str, list[float]] = field(default_factory=dict)
    gradients: list[GradientRow] = field(default_factory=list)
    memory: list[MemoryRow] = field(default_factory=list)
    times: list[TimeRow] = field(default_factory=list)


@dataclass
class BatchRows:
    """What was measured at one batch of one branch."""

    gradients: list[GradientRow] = field(default_factory=list)
    memory: list[MemoryRow] = field(default_factory=list)


@dataclass
class ArmEpoch:
    """What an epoch gave of one branch.

    Attributes:
        rows: By batch.
        step_losses: By batch.
        sums: The sum over the batches of each part of the loss.
        seconds: What it took.
    """

    rows: list[BatchRows] = field(default_factory=list)
    step_losses: list[float] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class SessionEpoch:
    """What an epoch gave of the branches of one session.

    Attributes:
        epoch: Counted from 1.
        batches: How many.
        arms: By name, those that trained.
        shared_seconds: Spent on what all branches share.
        utilisation: Mean of a GPU's, None if not measured.
    """

    epoch: int
    batches: int
    arms: dict[str, ArmEpoch]
    shared_seconds: float = 0.0
    utilisation: float | None = None


def joined(sessions: Sequence[SessionEpoch], order: Sequence[str]) -> EpochRecord:
    """Return one record of sessions that trained the same epoch one after the other, as one session would give it.

    Args:
        sessions: What each gave, of other arms.
        order: All arms in the order of the record.
    """
    epoch, batches = sessions[0].epoch, sessions[0].batches
    every: Mapping[str, ArmEpoch] = {arm: found for session in sessions for arm, found in session.arms.items()}
    arms = {arm: every[arm] for arm in order if arm in every}
    record = EpochRecord(epoch)
    for batch in range(batches):
        for found in arms.values():
            record.gradients += found.rows[batch].gradients
            record.memory += found.rows[batch].memory
    busy = [session.utilisation for session in sessions if session.utilisation is not None]
    shared = sum(session.shared_seconds for session in sessions)
    record.times.append(TimeRow(SHARED, epoch, batches, shared, fmean(busy) if busy else None))
    for arm, found in arms.items():
        record.times.append(TimeRow(arm, epoch, batches, found.seconds))
        record.losses[arm] = {part: total / batches for part, total in found.sums.items()}
        record.step_losses[arm] = found.step_losses
    return record
