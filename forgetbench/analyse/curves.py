"""Curves over epochs: the mean over seeds and their range."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from forgetbench.analyse.measures import mean, spread
from forgetbench.analyse.tradeoff import Point, Treatment


@dataclass(frozen=True)
class Curve:
    """One quantity of one treatment over epochs.

    Attributes:
        treatment: Which.
        epochs: Epochs with a value from every seed that reached them.
        values: Means over seeds.
        ranges: Least and largest over seeds at each epoch, None where there is one seed.
    """

    treatment: Treatment
    epochs: list[int]
    values: list[float]
    ranges: list[tuple[float, float] | None]


def curves(points: Iterable[Point], quantity: Callable[[Point], float | None]) -> list[Curve]:
    """Return a curve per treatment, in order of first occurrence.

    Args:
        points: Checkpoints of one model, head and attach point.
        quantity: What to follow, e.g. `lambda point: point.target_ap`; epochs where it was not measured are left out.
    """
    grouped: dict[Treatment, dict[int, dict[int, float | None]]] = {}
    for point in points:
        grouped.setdefault(point.treatment, {}).setdefault(point.epoch, {})[point.seed] = quantity(point)
    made = []
    for treatment, by_epoch in grouped.items():
        curve = Curve(treatment, [], [], [])
        for epoch in sorted(by_epoch):
            values = list(by_epoch[epoch].values())
            value = mean(values)
            if value is not None:
                curve.epochs.append(epoch)
                curve.values.append(value)
                curve.ranges.append(spread(values))
        made.append(curve)
    return made
