"""Every arm's last checkpoint and the network it is compared with, and the numbers of such a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forgetbench.analyse.last_checkpoints import last_checkpoints
from forgetbench.analyse.measures import forgetting, mean, specialisation_gain
from forgetbench.analyse.uncertainty import uncertain
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.rows.changes import ChangeQuantity
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.suite.data_section import Role


@dataclass(frozen=True)
class Pairing:
    """A treatment's last checkpoints and what each is compared with.

    Attributes:
        model, head, role, attach: On what; attach is None on the target.
        treatment, against: Labels; on the reference it is against `original`, on the target against the reference arm.
        files: Names of the detections files of each seed, (before, after).
    """

    model: str
    head: str
    role: Role
    attach: str | None
    treatment: str
    against: str
    files: Mapping[int, tuple[str, str]]

    @property
    def quantity(self) -> ChangeQuantity:
        """What a difference of AP is called."""
        return "forgetting" if self.role == "reference" else "gain"


def pairings(results: pd.DataFrame, arms: Sequence[ArmRecord], reference_arms: Mapping[str, int]) -> list[Pairing]:
    """Return what is to be compared; where all networks are their baseline's own, nothing is.

    Args:
        results: The run's `results.csv`.
        arms: Arms as the manifest describes them.
        reference_arms: Freeze point that gain is measured against, by model.
    """
    last = last_checkpoints(results, arms)
    labels, originals, references = last.labels, last.originals, last.references(reference_arms)
    found = []
    for (model, head, role, attach), by_treatment in last.scenes.items():
        baseline = references[model]
        for treatment, files in by_treatment.items():
            before: Mapping[int, str] = by_treatment.get(baseline, {}) if baseline else {}
            against = labels[model, baseline] if baseline else ""
            if role == "reference":
                against = ORIGINAL
                before = dict.fromkeys(files, originals[model, head]) if (model, head) in originals else {}
            pairs = {seed: (before[seed], file) for seed, file in files.items() if seed in before}
            if any(first != second for first, second in pairs.values()):
                found.append(Pairing(model, head, role, attach, labels[model, treatment], against, pairs))
    return found


def scene_of(pairing: Pairing) -> dict[str, Any]:
    """Return the columns of a `ChangeRow` that say what is compared."""
    names = ("model", "head", "role", "attach", "treatment", "against")
    return {**{name: getattr(pairing, name) for name in names}, "seeds": len(pairing.files)}


def change_of(
    quantity: ChangeQuantity,
    pairs: Sequence[tuple[float | None, float | None]],
    resampled: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]] | None = None,
) -> dict[str, Any]:
    """Return the columns of a `ChangeRow` that hold numbers.

    Args:
        quantity: Which way round the difference is.
        pairs: Before and after, for each seed.
        resampled: (resamples,) both on the same resamples of images; without them there is no interval that knows of
            the images.
    """
    before, after = [first for first, _ in pairs], [second for _, second in pairs]
    if quantity == "forgetting":
        values = [forgetting(first, second) for first, second in pairs]
        differences = [first - second for first, second in resampled or ()]
    else:
        values = [specialisation_gain(second, first) for first, second in pairs]
        differences = [second - first for first, second in resampled or ()]
    found = uncertain(values, differences or [np.zeros(0)] * len(pairs))
    if not found.over_images:
        found = replace(found, over_both=None)
    return {
        "quantity": quantity, "before": mean(before), "after": mean(after), "value": found.value, **found.columns()
    }  # fmt: skip
