"""Every difference that a run reports, with its uncertainty: of checkpoints, and of treatments with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forgetbench.analyse.last_checkpoints import last_checkpoints
from forgetbench.analyse.measures import forgetting, specialisation_gain
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.analyse.uncertainty import uncertain
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.rows.differences import EvidenceRow, IntervalRow, Quantity
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.suite.measures import WHOLE_MEASURES, Measure


@dataclass(frozen=True)
class Score:
    """A measure of one network on one dataset and on resamples of its images; fractions.

    Attributes:
        value: On the images as they are, None where nothing could be measured.
        resampled: (resamples,) the draws are the same for every network on these images.
    """

    value: float | None
    resampled: NDArray[np.float64]


#: Scores of a detections file, by measure.
Scored = Mapping[str, Mapping[Measure, Score]]


class Evidence:
    """The scores of a run, put together as differences.

    Args:
        results: The run's `results.csv`.
        arms: Arms as the manifest describes them.
        reference_arms: Freeze point that gain is measured against, by model.
        scored: Scores by name of the detections file, of all files that the results name.
        measures: What differences are of.
    """

    def __init__(
        self,
        results: pd.DataFrame,
        arms: Sequence[ArmRecord],
        reference_arms: Mapping[str, int],
        scored: Scored,
        measures: Sequence[Measure] = WHOLE_MEASURES,
    ) -> None:
        self._scored, self._measures = scored, measures
        last = last_checkpoints(results, arms)
        self._labels, self._originals, self._last = last.labels, last.originals, last.scenes
        self._references = last.references(reference_arms)
        self._rows: list[dict[str, Any]] = [
            {str(key): None if pd.isna(value) else value for key, value in row.items()}
            for row in results[results["arm"] != ORIGINAL].to_dict("records")
        ]

    def of_checkpoints(self) -> Iterator[IntervalRow]:
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
            for measure in self._measures:
                value, resampled = self._difference(quantity, measure, row["detections"], against)
                found = uncertain([value], [resampled])
                low, high = found.over_images or (None, None)
                yield IntervalRow(
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
        for measure in self._measures:
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
