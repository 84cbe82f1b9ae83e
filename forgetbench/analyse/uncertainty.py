"""How sure a difference is: over the images that it was measured on, over the seeds of its arms, and over both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray
from scipy import stats

#: Share of intervals that hold the true value.
LEVEL = 0.95

Interval = tuple[float, float]


@dataclass(frozen=True)
class Uncertain:
    """A mean over seeds and its 95 % intervals, in the unit of the value; None is not known.

    Attributes:
        value: The mean over seeds, None if one of them was not measured.
        seeds: How many.
        over_images: What other images of the same kind might have given, for these very checkpoints.
        over_seeds: What other seeds might have given on these very images; unknown with one seed.
        over_both: What other images and seeds might have given; unknown with one seed.
    """

    value: float | None
    seeds: int
    over_images: Interval | None
    over_seeds: Interval | None
    over_both: Interval | None

    @property
    def widest_known(self) -> Interval | None:
        """The interval over both sources where there are several seeds, else the one over images."""
        return self.over_both or self.over_images

    def columns(self) -> dict[str, float | None]:
        """Return the ends of the intervals as tables name them."""
        named = {"images_": self.over_images, "seeds_": self.over_seeds, "": self.widest_known}
        return {
            f"{source}{end}": interval[place] if interval else None
            for source, interval in named.items()
            for place, end in enumerate(("low", "high"))
        }


def uncertain(values: Sequence[float | None], resampled: Sequence[NDArray[np.float64]]) -> Uncertain:
    """Return the mean of a difference over seeds with its intervals.

    Over images it is the percentile interval (Efron 1979) of the mean over seeds, all seeds on the same resamples. Over
    seeds it is Student's t interval. Over both, the variances of the two add up, with Satterthwaite's (1946) degrees of
    freedom, the variance over images counting as known; the interval is never narrower than that over seeds.

    Args:
        values: The difference on the images as they are, for each seed.
        resampled: (resamples,) the same on every resample, for each seed; NaN where it is undefined.
    """
    count = len(values)
    known = [value for value in values if value is not None]
    if not known or len(known) < count:
        return Uncertain(None, count, None, None, None)
    mean = fmean(known)
    of_resamples = np.mean(resampled, axis=0)
    of_resamples = of_resamples[~np.isnan(of_resamples)]
    over_images = percentiles(of_resamples)
    if count < 2:
        return Uncertain(mean, count, over_images, None, None)
    seed_variance = stdev(known) ** 2 / count
    image_variance = float(np.var(of_resamples, ddof=1)) if len(of_resamples) > 1 else 0.0
    variance = seed_variance + image_variance
    freedom = (count - 1) * (variance / seed_variance) ** 2 if seed_variance else math.inf
    of_seeds, of_both = _half_width(seed_variance, count - 1), _half_width(variance, freedom)
    # with two or three seeds the greater freedom may outweigh the greater variance: more doubt cannot mean less width
    of_both = max(of_seeds, of_both)
    return Uncertain(mean, count, over_images, (mean - of_seeds, mean + of_seeds), (mean - of_both, mean + of_both))


def percentiles(resampled: NDArray[np.float64]) -> Interval | None:
    """Return the middle 95 % of resampled values, None if there are none."""
    if not len(resampled):
        return None
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _half_width(variance: float, freedom: float) -> float:
    return float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * math.sqrt(variance)
