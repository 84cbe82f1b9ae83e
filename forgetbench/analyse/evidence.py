"""Every difference that a run reports, with its uncertainty: of checkpoints, and of treatments with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forgetbench.analyse.last_checkpoints import last_checkpoints
from forgetbench.analyse.measures import forgetting, specialisation_gain
from forgetbench.analyse.tradeoff import ORIGINAL, Treatment
from forgetbench.analyse.uncertainty import uncertain
from forgetbench.record.manifest import ArmRecord
from forgetbench.suite.claims import Measure

Quantity = Literal["gain", "forgetting"]
MEASURES: tuple[Measure, ...] = get_args(Measure)


@dataclass(frozen=True)
class Score:
    """A measure of one network on one dataset and on resamples of its images; fractions.

    Attributes:
        value: On the images as they are, None where nothing could be measured.
        resampled: (resamples,) the draws are the same for every network on these images.
    """

    value: float | None
    resampled: NDArray[np.float64]


@dataclass(frozen=True)
class CheckpointInterval:
    """A checkpoint's gain or forgetting with its 95 % interval over images; fractions."""

    model: str
    arm: str
    seed: int
    epoch: int
    head: str
    attach: str | None
    quantity: Quantity
    measure: Measure
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class EvidenceRow:
    """A difference between last checkpoints, over all seeds; fractions, None is not known.

    Attributes:
        model, head, attach: On what it was measured; attach is None for gain.
        quantity: `gain`: how much higher on the target than `against`; `forgetting`: how much lower on the reference.
        measure: Of what.
        treatment, against: Labels; forgetting is against `original` or another treatment.
        seeds: How many pairs the mean is over.
        value: The mean.
        images_low … high: 95 % intervals over images, over seeds, over both; those over seeds need several.
        by_construction: Both sides are the very same networks, so the difference is zero whatever the data.
    """

    model: str
    head: str
    attach: str | None
    quantity: Quantity
    measure: Measure
    treatment: str
    against: str
    seeds: int
    value: float | None
    images_low: float | None
    images_high: float | None
    seeds_low: float | None
    seeds_high: float | None
    low: float | None
    high: float | None
    by_construction: bool


#: Scores of a detections file, by measure.
Scored = Mapping[str, Mapping[Measure, Score]]


class Evidence:
    """The scores of a run, put together as differences.

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
        self._scored = scored
        last = last_checkpoints(results, arms)
        self._labels, self._originals, self._last = last.labels, last.originals, last.scenes
        self._references = last.references(reference_arms)
        self._rows: list[dict[str, Any]] = [
            {str(key): None if pd.isna(value) else value for key, value in row.items()}
            for row in results[results["arm"] != ORIGINAL].to_dict("records")
        ]

    def of_checkpoints(self) -> Iterator[CheckpointInterval]:
        """Yield gain and forgetting of every checkpoint, in the order of the results."""
        for row in self._rows:
            model, head, seed = row["model"], row["head"], int(row["seed"])
            if row["role"] == "target":
                reference = self._references[model]
                files = self._last[model, head, "target", None]
                against = files.get(reference, {}).get(seed) if reference else None
                quantity: Quantity = "gain"
            else:
                against, quantity = self._originals.get((model, head)), "forgetting"
            if against is None:
                continue
            for measure in MEASURES:
                value, resampled = self._difference(quantity, measure, row["detections"], against)
                found = uncertain([value], [resampled])
                low, high = found.over_images or (None, None)
                yield CheckpointInterval(
                    model, row["arm"], seed, int(row["epoch"]), head, row["attach"], quantity, measure, value, low, high
                )

    def of_treatments(self) -> Iterator[EvidenceRow]:
        """Yield forgetting against the original, then every treatment against those listed before it."""
        for (model, head, role, attach), by_treatment in self._last.items():
            if role == "reference" and (model, head) in self._originals:
                original = self._originals[model, head]
                for treatment, files in by_treatment.items():
                    scene = (model, head, attach, treatment, ORIGINAL)
                    yield from self._compared("forgetting", scene, files, dict.fromkeys(files, original))
            quantity: Quantity = "gain" if role == "target" else "forgetting"
            listed = [one for one in self._labels_of(model) if one in by_treatment]
            for first, second in combinations(listed, 2):
                scene = (model, head, attach, second, self._labels[model, first])
                yield from self._compared(quantity, scene, by_treatment[second], by_treatment[first])

    def _labels_of(self, model: str) -> list[Treatment]:
        """Return a model's treatments, the reference arm first."""
        mine = [treatment for name, treatment in self._labels if name == model]
        return sorted(mine, key=lambda one: one != self._references[model])

    def _compared(
        self,
        quantity: Quantity,
        scene: tuple[str, str, str | None, Treatment, str],
        files: Mapping[int, str],
        against: Mapping[int, str],
    ) -> Iterator[EvidenceRow]:
        model, head, attach, treatment, other = scene
        seeds = [seed for seed in files if seed in against]
        if not seeds:
            return
        for measure in MEASURES:
            pairs = [self._difference(quantity, measure, files[seed], against[seed]) for seed in seeds]
            found = uncertain([value for value, _ in pairs], [resampled for _, resampled in pairs])
            yield EvidenceRow(
                model=model,
                head=head,
                attach=attach,
                quantity=quantity,
                measure=measure,
                treatment=self._labels[model, treatment],
                against=other,
                seeds=len(seeds),
                value=found.value,
                **found.columns(),
                by_construction=all(files[seed] == against[seed] for seed in seeds),
            )

    def _difference(
        self, quantity: Quantity, measure: Measure, file: str, against: str
    ) -> tuple[float | None, NDArray[np.float64]]:
        one, other = self._scored[file][measure], self._scored[against][measure]
        if quantity == "gain":
            return specialisation_gain(one.value, other.value), one.resampled - other.resampled
        return forgetting(other.value, one.value), other.resampled - one.resampled
