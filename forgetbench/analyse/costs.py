"""What a treatment costs to train: bytes, seconds, and the gradients of its modules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forgetbench.analyse.tradeoff import Treatment, treatment_of
from forgetbench.record.manifest import ArmRecord

#: Kinds of memory that add up to what a branch holds while it trains.
HELD = ("parameters", "gradients", "optimizer", "saved_for_backward")


@dataclass(frozen=True)
class Cost:
    """What the arms of one treatment cost, averaged over seeds; None is not measured.

    Attributes:
        treatment: Which.
        held: Bytes by kind (see `HELD`), the most at any time where what trains changes by epoch.
        max_allocated, max_reserved: Peak bytes of a solo step on CUDA.
        step_seconds: Seconds of one step in the branch's own modules.
    """

    treatment: Treatment
    held: dict[str, float | None]
    max_allocated: float | None
    max_reserved: float | None
    step_seconds: float | None

    @property
    def total(self) -> float | None:
        """Sum of each kind's most, None if one kind was not measured."""
        values = [value for value in self.held.values() if value is not None]
        return sum(values) if len(values) == len(HELD) else None


def costs(arms: Sequence[ArmRecord], memory: pd.DataFrame, times: pd.DataFrame) -> list[Cost]:
    """Return the cost of every treatment among some arms.

    Args:
        arms: Arms as the manifest describes them.
        memory, times: The run's tables.
    """
    made = []
    for treatment, names in names_by_treatment(arms).items():
        mine, timed = memory[memory["arm"].isin(names)], times[times["arm"].isin(names)]
        bytes_of = {
            kind: _mean_of_most(mine[mine["kind"] == kind]) for kind in (*HELD, "max_allocated", "max_reserved")
        }
        made.append(
            Cost(
                treatment,
                {kind: bytes_of[kind] for kind in HELD},
                bytes_of["max_allocated"],
                bytes_of["max_reserved"],
                seconds_per_step(timed),
            )
        )
    return made


def shared_seconds_per_step(times: pd.DataFrame, model: str) -> float | None:
    """Return seconds of a step in what all branches of a model share: loading and the frozen forward."""
    return seconds_per_step(times[(times["model"] == model) & times["arm"].isna()])


def seconds_per_step(times: pd.DataFrame) -> float | None:
    """Return total seconds over total steps, None if there are none or any was not measured."""
    if not len(times) or times["seconds"].isna().any():
        return None
    return float(times["seconds"].sum() / times["steps"].sum())


@dataclass(frozen=True)
class ModuleNorms:
    """Gradient norms of the modules of one treatment's arms, over all logged steps.

    Attributes:
        treatment: Which.
        modules: Indices of the modules that train.
        median, low, high: Median, 25th and 75th percentile of each module's gradient L2 norm.
    """

    treatment: Treatment
    modules: list[int]
    median: list[float]
    low: list[float]
    high: list[float]


def module_norms(arms: Sequence[ArmRecord], gradients: pd.DataFrame) -> list[ModuleNorms]:
    """Return gradient norms by module for every treatment that has any; steps without a finite norm are left out."""
    made = []
    measured = gradients[np.isfinite(gradients["norm"].to_numpy(dtype=np.float64, na_value=np.nan))]
    for treatment, names in names_by_treatment(arms).items():
        mine = measured[measured["arm"].isin(names)]
        if not len(mine):
            continue
        index = mine["module"].str.removeprefix("model.").astype(int)
        quantiles = mine.groupby(index)["norm"].quantile([0.25, 0.5, 0.75]).unstack()
        made.append(
            ModuleNorms(
                treatment,
                [int(module) for module in quantiles.index],
                *(quantiles[share].astype(float).tolist() for share in (0.5, 0.25, 0.75)),
            )
        )
    return made


def names_by_treatment(arms: Sequence[ArmRecord]) -> dict[Treatment, list[str]]:
    """Return the names of arms, as the manifest describes them, by what they have in common beside the seed."""
    names: dict[Treatment, list[str]] = {}
    for arm in arms:
        names.setdefault(treatment_of(arm), []).append(arm["arm"])
    return names


def _mean_of_most(rows: pd.DataFrame) -> float | None:
    """Return the mean over arms of the largest bytes of each, None if any was not measured."""
    if not len(rows) or rows["bytes"].isna().any():
        return None
    return float(rows.groupby("arm")["bytes"].max().mean())
