"""The last checkpoint of every arm, as the detections files that its scores come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from forgetbench.analyse.tradeoff import Treatment, reference_treatment, treatment_of
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.suite.data_section import Role

#: Model, head, role and attach point; attach is None on the target.
Scene = tuple[str, str, Role, str | None]


@dataclass(frozen=True)
class LastCheckpoints:
    """Names of detections files; equal networks share one.

    Attributes:
        labels: What people read of each treatment, by model and treatment, in the order of the manifest.
        originals: The originals' on the reference, by model and head.
        scenes: Those of last checkpoints, by scene, treatment and seed.
    """

    labels: dict[tuple[str, Treatment], str]
    originals: dict[tuple[str, str], str]
    scenes: dict[Scene, dict[Treatment, dict[int, str]]]

    def references(self, reference_arms: Mapping[str, int]) -> dict[str, Treatment | None]:
        """Return what gain is measured against, by model, given the freeze point that it is measured against."""
        listed: dict[str, list[Treatment]] = {}
        for model, treatment in self.labels:
            listed.setdefault(model, []).append(treatment)
        return {model: reference_treatment(mine, reference_arms.get(model)) for model, mine in listed.items()}


def last_checkpoints(results: pd.DataFrame, arms: Sequence[ArmRecord]) -> LastCheckpoints:
    """Return the last checkpoints of a run.

    Args:
        results: The run's `results.csv`.
        arms: Arms as the manifest describes them.
    """
    treatments = {str(arm["arm"]): treatment_of(arm) for arm in arms}
    found = LastCheckpoints({(str(arm["model"]), treatment_of(arm)): str(arm["label"]) for arm in arms}, {}, {})
    for row in results.sort_values("epoch", kind="stable").to_dict("records"):
        model, head, file = str(row["model"]), str(row["head"]), str(row["detections"])
        if row["arm"] == ORIGINAL:
            found.originals[model, head] = file
            continue
        scene = (model, head, row["role"], None if pd.isna(row["attach"]) else str(row["attach"]))
        of_treatment = found.scenes.setdefault(scene, {}).setdefault(treatments[str(row["arm"])], {})
        of_treatment[int(row["seed"])] = file
    return found
