"""Every checkpoint's gain and forgetting with their resamples, by method: what fronts are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forgetbench.analyse.evidence import Score, Scored
from forgetbench.analyse.last_checkpoints import last_checkpoints
from forgetbench.analyse.measures import forgetting, specialisation_gain
from forgetbench.analyse.tradeoff import Treatment, treatment_of
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.rows.scores import ORIGINAL

#: Model, head and attach point.
PathScene = tuple[str, str, str]


@dataclass(frozen=True)
class Measured:
    """Gain and forgetting of one checkpoint of one seed, fractions of AP, each with (resamples,) values."""

    gain: float
    gain_resampled: NDArray[np.float64]
    forgetting: float
    forgetting_resampled: NDArray[np.float64]


#: The checkpoints of a method, by setting and epoch, then by seed.
Path = dict[tuple[str, int], dict[int, Measured]]


def paths_of(
    results: pd.DataFrame, arms: Sequence[ArmRecord], reference_arms: Mapping[str, int], scored: Scored
) -> dict[PathScene, dict[Treatment, Path]]:
    """Return the paths of a run by scene and method; checkpoints without gain or forgetting are left out.

    Args:
        results: The run's `results.csv`.
        arms: Arms as the manifest describes them.
        reference_arms: Freeze point that gain is measured against, by model.
        scored: Scores by name of the detections file, of all files that the results name.
    """
    last, described = last_checkpoints(results, arms), {str(arm["arm"]): arm for arm in arms}
    baselines = last.references(reference_arms)
    rows = results[results["arm"] != ORIGINAL].to_dict("records")
    targets = {(row["arm"], row["epoch"], row["head"]): row["detections"] for row in rows if row["role"] == "target"}
    found: dict[PathScene, dict[Treatment, Path]] = {}
    for row in rows:
        model, head, arm = str(row["model"]), str(row["head"]), described[str(row["arm"])]
        treatment, seed, baseline = treatment_of(arm), int(arm["seed"]), baselines[model]
        of_seeds = last.scenes.get((model, head, "target", None), {}).get(baseline, {}) if baseline else {}
        files = [targets.get((row["arm"], row["epoch"], head)), of_seeds.get(seed), last.originals.get((model, head))]
        if row["role"] != "reference" or None in files:
            continue
        measured = _measured(*(scored[str(file)]["ap"] for file in (*files, row["detections"])))
        if measured is not None:
            of_method = found.setdefault((model, head, str(row["attach"])), {}).setdefault(treatment.method, {})
            of_method.setdefault((treatment.setting, int(row["epoch"])), {})[seed] = measured
    return found


def _measured(target: Score, baseline: Score, original: Score, reference: Score) -> Measured | None:
    gained = specialisation_gain(target.value, baseline.value)
    lost = forgetting(original.value, reference.value)
    if gained is None or lost is None:
        return None
    return Measured(gained, target.resampled - baseline.resampled, lost, original.resampled - reference.resampled)
