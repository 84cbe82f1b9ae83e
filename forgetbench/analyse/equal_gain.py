"""Forgetting at equal gain: what freeze points cost the reference where they are equally good on the target."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forgetbench.analyse.evidence import Scored
from forgetbench.analyse.front import Between, FrontPoint, at_gain, forgetting_resampled, front
from forgetbench.analyse.measures import mean
from forgetbench.analyse.paths import PathScene, paths_of
from forgetbench.analyse.tradeoff import Treatment, treatment_of
from forgetbench.analyse.uncertainty import uncertain
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.rows.differences import EqualGainRow, FrontRow
from forgetbench.record.rows.scores import ORIGINAL

#: Steps between the gains that are looked at, fractions; the smallest that gives no more than `MOST_LEVELS`.
STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
MOST_LEVELS = 8
#: Where a larger share of the resamples does not reach a gain, how sure forgetting is there is unknown.
MOST_UNREACHED = 0.05


class Fronts:
    """The fronts of a run: every method's checkpoints of all settings and epochs.

    Args:
        results: The run's `results.csv`.
        arms: Arms as the manifest describes them.
        reference_arms: Freeze point that gain is measured against, by model.
        scored: Scores by name of the detections file, of all files that the results name.
    """

    def __init__(
        self,
        results: pd.DataFrame,
        arms: Sequence[ArmRecord],
        reference_arms: Mapping[str, int],
        scored: Scored,
    ) -> None:
        self._methods = {(arm["model"], treatment_of(arm).method): str(arm.get("method", arm["label"])) for arm in arms}
        self._seeds: dict[tuple[str, Treatment], set[int]] = {}
        for arm in arms:
            self._seeds.setdefault((arm["model"], treatment_of(arm).method), set()).add(int(arm["seed"]))
        self._paths = paths_of(results, arms, reference_arms, scored)
        self._fronts = {
            scene: {method: front(self._points(scene, method)) for method in methods}
            for scene, methods in self._paths.items()
        }

    def _points(self, scene: PathScene, method: Treatment) -> Iterator[FrontPoint]:
        """Yield a method's checkpoints that all seeds have."""
        for (setting, epoch), by_seed in self._paths[scene][method].items():
            if by_seed.keys() == self._seeds[scene[0], method]:
                gain = mean([one.gain for one in by_seed.values()])
                lost = mean([one.forgetting for one in by_seed.values()])
                yield FrontPoint(setting, epoch, gain or 0.0, lost or 0.0)

    def of_methods(self) -> Iterator[FrontRow]:
        """Yield the points of every front, from the least gain to the most."""
        for (model, head, attach), fronts in self._fronts.items():
            for method, points in fronts.items():
                name, seeds = self._methods[model, method], len(self._seeds[model, method])
                for point in points:
                    yield FrontRow(
                        model,
                        head,
                        attach,
                        name,
                        point.setting or None,
                        point.epoch,
                        seeds,
                        point.gain,
                        point.forgetting,
                    )

    def at_equal_gain(self, asked: Iterable[float] = ()) -> Iterator[EqualGainRow]:
        """Yield forgetting at round gains and at those asked for: of each method, then of methods with each other.

        Where nothing was forgotten by any method there is nothing to compare.
        """
        for scene, fronts in self._fronts.items():
            if not any(point.forgetting for points in fronts.values() for point in points):
                continue
            most = [points[-1].gain for points in fronts.values() if points]
            listed = sorted({*levels(most), *asked})
            resampled = {method: self._resampled(scene, method, listed) for method in fronts}
            for index, level in enumerate(listed):
                reached = [
                    _Reached(method, place, self._by_seed(scene, method, place), resampled[method][index])
                    for method, points in fronts.items()
                    if (place := at_gain(points, level))
                ]
                for one in reached:
                    yield self._row(scene, level, one, None)
                for first, second in combinations(reached, 2):
                    yield self._row(scene, level, second, first)

    def _resampled(self, scene: PathScene, method: Treatment, listed: Sequence[float]) -> NDArray[np.float64]:
        """Return forgetting on the front of every resample, (levels, resamples); seeds are averaged before."""
        path = [by_seed.values() for by_seed in self._paths[scene][method].values()]
        gains = [np.mean([one.gain_resampled for one in of_seeds], axis=0) for of_seeds in path]
        lost = [np.mean([one.forgetting_resampled for one in of_seeds], axis=0) for of_seeds in path]
        return forgetting_resampled(np.stack(gains), np.stack(lost), listed)

    def _by_seed(self, scene: PathScene, method: Treatment, place: Between) -> dict[int, float]:
        """Return forgetting at a place on a front for each seed, to first order.

        What a seed differs there from the mean in forgetting counts as it is, what it differs in gain by the front's
        slope: so a seed needs no front of its own, and the mean over seeds is the value at the place.
        """
        path = self._paths[scene][method]
        found: dict[int, float] = {}
        for seed in path[place.first.setting, place.first.epoch]:
            found[seed] = place.forgetting
            for end, share in ((place.first, 1 - place.share), (place.second, place.share)):
                one = path[end.setting, end.epoch][seed]
                found[seed] += share * (one.forgetting - end.forgetting - place.slope * (one.gain - end.gain))
        return found

    def _row(self, scene: PathScene, level: float, one: _Reached, other: _Reached | None) -> EqualGainRow:
        (model, head, attach), place = scene, one.place
        values, resampled = list(one.by_seed.values()), one.resampled
        if other is not None:
            values = [value - other.by_seed[seed] for seed, value in one.by_seed.items()]
            resampled = resampled - other.resampled
        if np.isnan(resampled).mean() > MOST_UNREACHED:
            resampled = np.zeros(0)
        found = uncertain(values, [resampled] * len(values))
        return EqualGainRow(
            model=model,
            head=head,
            attach=attach,
            at_gain=level,
            treatment=self._methods[model, one.method],
            against=ORIGINAL if other is None else self._methods[model, other.method],
            seeds=len(values),
            value=fmean(values),
            **(found if found.over_images else replace(found, over_both=None)).columns(),
            from_setting=place.first.setting or None,
            from_epoch=place.first.epoch,
            to_setting=place.second.setting or None,
            to_epoch=place.second.epoch,
            share=place.share,
        )


@dataclass(frozen=True)
class _Reached:
    """A method where it reaches a gain: the place on its front, and forgetting there by seed and on each resample."""

    method: Treatment
    place: Between
    by_seed: dict[int, float]
    resampled: NDArray[np.float64]


def levels(gains: Sequence[float]) -> list[float]:
    """Return round gains from above 0 up to the largest that any method reaches, in equal steps.

    Args:
        gains: The largest gain of each method, fractions.
    """
    most = max(gains, default=0.0)
    step = next((step for step in STEPS if most / step < MOST_LEVELS + 1), STEPS[-1])
    return [round(step * count, 6) for count in range(1, math.floor(most / step + 1e-9) + 1)]
