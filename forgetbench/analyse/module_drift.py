"""Drift of modules and the cost of BatchNorm statistics by treatment, means over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from forgetbench.analyse.costs import names_by_treatment
from forgetbench.analyse.measures import mean, spread
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.table_files import measured


@dataclass(frozen=True)
class ModuleDrift:
    """How far one module of a treatment's last checkpoints moved; None is not measured.

    Attributes:
        treatment, index, kind: Which module.
        cka, distance: Of its output, see `evaluate/feature_drift.py`.
        weight_change, mean_change, variance_change: Of its own tensors, see `evaluate/changes.py`.
    """

    treatment: Treatment
    index: int
    kind: str
    cka: float | None
    distance: float | None
    weight_change: float | None
    mean_change: float | None
    variance_change: float | None


@dataclass(frozen=True)
class StatisticsShare:
    """What the reference loses to a part of a treatment's trunks, as fractions of AP; None is not measured.

    Attributes:
        treatment, head: Which.
        adapted: `statistics`, `weights` or `both`.
        forgetting: Mean over seeds, positive is lost.
        interval: With one seed its 95 % interval over images, with several the least and the largest.
    """

    treatment: Treatment
    head: str
    adapted: str
    forgetting: float | None
    interval: tuple[float, float] | None


def module_drift(arms: Sequence[ArmRecord], table: pd.DataFrame) -> list[ModuleDrift]:
    """Return the drift of every module from a treatment's freeze point on.

    Args:
        arms: Arms as the manifest describes them.
        table: A run's `drift.csv`.
    """
    made = []
    for treatment, names in names_by_treatment(arms).items():
        mine = table[table["arm"].isin(names)]
        for (module, kind), rows in mine.groupby(["module", "kind"], sort=False):
            index = int(str(module).removeprefix("model."))
            if index >= treatment.freeze_point:
                measured = [
                    mean(_cells(rows[name]))
                    for name in ("cka", "distance", "weight_change", "mean_change", "variance_change")
                ]
                made.append(ModuleDrift(treatment, index, str(kind), *measured))
    return made


def statistics_shares(arms: Sequence[ArmRecord], table: pd.DataFrame) -> list[StatisticsShare]:
    """Return what each part of every treatment's trunk costs, in the order of the table.

    Args:
        arms: Arms as the manifest describes them.
        table: A run's `batchnorm.csv`.
    """
    made = []
    for treatment, names in names_by_treatment(arms).items():
        mine = table[table["arm"].isin(names)]
        for (head, adapted), rows in mine.groupby(["head", "adapted"], sort=False):
            lost = _cells(rows["forgetting"])
            (low, *_), (high, *_) = _cells(rows["low"]), _cells(rows["high"])
            of_images = (low, high) if low is not None and high is not None else None
            interval = of_images if len(rows) == 1 else spread(lost)
            made.append(StatisticsShare(treatment, str(head), str(adapted), mean(lost), interval))
    return made


def _cells(column: Any) -> list[float | None]:
    return [measured(value) for value in column]
