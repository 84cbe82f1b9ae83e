"""The front of gain against forgetting: the checkpoints that no other of the same freeze point beats in both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FrontPoint:
    """A checkpoint of one method, apart from its seed. Gain and forgetting are fractions, means over seeds.

    Attributes:
        setting: What it was trained under of the settings that the suite varies.
        epoch: After how many epochs.
        gain, forgetting: Its coordinates.
    """

    setting: str
    epoch: int
    gain: float
    forgetting: float


@dataclass(frozen=True)
class Between:
    """A place on a front: a share of the way from one of its points to the next.

    Attributes:
        first, second: The points; the same one where a single checkpoint is meant.
        share: 0 at the first, 1 at the second.
    """

    first: FrontPoint
    second: FrontPoint
    share: float

    @property
    def forgetting(self) -> float:
        """Forgetting at this place."""
        return (1 - self.share) * self.first.forgetting + self.share * self.second.forgetting

    @property
    def slope(self) -> float:
        """Forgetting per gain on the way, 0 where a single checkpoint is meant."""
        gained = self.second.gain - self.first.gain
        return (self.second.forgetting - self.first.forgetting) / gained if gained else 0.0


def front(points: Iterable[FrontPoint]) -> list[FrontPoint]:
    """Return the points that no other beats: none gains as much and forgets less, or gains more and forgets as little.

    Of equal points the one listed first is taken. Sorted by gain, and so by forgetting.
    """
    kept: list[FrontPoint] = []
    for point in sorted(points, key=lambda point: (-point.gain, point.forgetting)):
        if not kept or point.forgetting < kept[-1].forgetting:
            kept.append(point)
    return kept[::-1]


def at_gain(found: Sequence[FrontPoint], gain: float) -> Between | None:
    """Return the place on a front where a gain is reached, None if it never is.

    Between two points forgetting is interpolated linearly. Where the point that forgets least gains more than is asked
    for, it is that point.

    Args:
        found: A front, from `front`.
        gain: A fraction.
    """
    for before, point in zip([None, *found], found, strict=False):
        if point.gain >= gain:
            if before is None:
                return Between(point, point, 0.0)
            return Between(before, point, (gain - before.gain) / (point.gain - before.gain))
    return None


def forgetting_resampled(
    gains: NDArray[np.float64], forgetting: NDArray[np.float64], levels: Sequence[float]
) -> NDArray[np.float64]:
    """Return forgetting at some gains on the front of every resample, NaN where a resample does not reach a gain.

    The front is looked for anew on each resample: which checkpoints are on it is itself uncertain.

    Args:
        gains, forgetting: (points, resamples) of a method's checkpoints.
        levels: Gains, fractions.

    Returns:
        (levels, resamples).
    """
    found = np.full((len(levels), gains.shape[1]), np.nan)
    for index in range(gains.shape[1]):
        order = np.lexsort((forgetting[:, index], -gains[:, index]))
        gain, lost = gains[order, index], forgetting[order, index]
        on_front = np.concatenate([[True], lost[1:] < np.minimum.accumulate(lost)[:-1]])
        gain, lost = gain[on_front][::-1], lost[on_front][::-1]
        found[:, index] = np.interp(levels, gain, lost, right=np.nan)
    return found
