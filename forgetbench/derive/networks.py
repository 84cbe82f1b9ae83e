"""Every network of a run on its dataset, from what lies in the folder: measured, resampled, profiled.

Each detections file is read and matched with its annotations once, whatever asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forgetbench.analyse.evidence import Score
from forgetbench.analyse.operating import measure_at
from forgetbench.derive.resampling import Resampling
from forgetbench.evaluate.average_precision import MAX_DET, ground_truth, mean_ap, precision_table, score
from forgetbench.evaluate.bootstrap import over_classes
from forgetbench.evaluate.detections import Detections, load_detections, require_on
from forgetbench.evaluate.image_score import CONFIDENCE
from forgetbench.evaluate.matching import Matches
from forgetbench.evaluate.precision_recall import RATES, best_f1_threshold, count, rates, resampled_rates
from forgetbench.evaluate.profile import Examiner, Profile
from forgetbench.evaluate.scorers import GroundTruth
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest
from forgetbench.record.rows.scores import ORIGINAL, OperatingPoint
from forgetbench.record.table_files import measured
from forgetbench.suite.measures import Measure


@dataclass(frozen=True)
class AtPoint:
    """A network at one operating point; None is not measured, see `OperatingRow`.

    Attributes:
        cells: The columns of `operating.csv` that its detections decide.
        scores: Its rates, as they are and resampled.
    """

    cells: dict[str, Any]
    scores: dict[Measure, Score]


@dataclass(frozen=True)
class ScoredNetwork:
    """A network on one dataset.

    Attributes:
        scores: Every measure, as it is and on resamples of the images.
        points: The same network at each operating point.
    """

    scores: dict[Measure, Score]
    points: dict[OperatingPoint, AtPoint]


class Networks:
    """The networks of a run by name of their detections file.

    Args:
        folder, manifest, results: The run, with its `results.csv`.
        resamples: How many; default: as the run's suite says, which may be none.
        profiled: Files of which profiles will be asked for.

    Attributes:
        files: Those that the results name, the originals' first.
    """

    def __init__(
        self,
        folder: RunFolder,
        manifest: Manifest,
        results: pd.DataFrame,
        resamples: int | None = None,
        profiled: Iterable[str] = (),
    ) -> None:
        self._folder, self._manifest = folder, manifest
        self._resampling = Resampling(folder, manifest, resamples)
        self._profiled = frozenset(profiled)
        is_original = results["arm"] == ORIGINAL
        # the originals come first, since their thresholds are everyone's
        files = pd.concat([results[is_original], results[~is_original]]).drop_duplicates("detections")
        self._rows: dict[str, dict[str, Any]] = {str(row["detections"]): row for row in files.to_dict("records")}  # type: ignore[misc]
        self._originals = {
            (row["model"], row["head"]): str(row["detections"]) for row in results[is_original].to_dict("records")
        }
        self._examiners: dict[str, Examiner] = {}
        self._truths: dict[str, GroundTruth] = {}
        self._best: dict[str, float | None] = {}
        self._scored: dict[str, ScoredNetwork] = {}
        self._aps: dict[str, Score] = {}
        self._over: dict[tuple[str, tuple[int, ...]], dict[Measure, Score]] = {}
        self._profiles: dict[str, Profile] = {}

    @cached_property
    def files(self) -> Sequence[str]:
        """Names of the files that the results name."""
        return list(self._rows)

    def original(self, model: str, head: str) -> str:
        """Return the file of a model's original on the reference."""
        return self._originals[model, head]

    def scored(self, file: str) -> ScoredNetwork:
        """Return a network that the results name, measured and resampled.

        Raises:
            CorruptRunError: a file that this rests on is missing or unreadable.
        """
        if file not in self._scored:
            self._look(file)
        return self._scored[file]

    def profile(self, file: str) -> Profile:
        """Return what a network gets right and wrong; its file is one of `profiled`.

        Raises:
            CorruptRunError: a file that this rests on is missing or unreadable.
        """
        if file not in self._profiles:
            self._look(file)
        return self._profiles[file]

    def ap(self, file: str) -> Score:
        """Return a network's AP; the results need not name it.

        Raises:
            CorruptRunError: a file that this rests on is missing or unreadable.
        """
        if file in self._rows:
            return self.scored(file).scores["ap"]
        if file not in self._aps:
            detections, about = self._load(file)
            matches = self._resampling.match(detections, about["data"])
            resampled = self._resampling.ap(matches.of_classes, about["data"])
            self._aps[file] = Score(score(self._truth(about["data"]), detections).ap, over_classes(resampled.ap))
        return self._aps[file]

    def ap_over(self, file: str, labels: Sequence[int]) -> dict[Measure, Score]:
        """Return a network's AP and AP50 over some classes by their indices; those without an object do not count.

        Raises:
            CorruptRunError: a file that this rests on is missing or unreadable.
        """
        key = file, tuple(labels)
        if key not in self._over:
            detections, about = self._load(file)
            detections = detections.of(np.isin(detections.label, labels))
            matches = self._resampling.match(detections, about["data"]).of_classes
            resampled = self._resampling.ap([matches[label] for label in labels], about["data"])
            precision = precision_table(self._truth(about["data"]), detections, MAX_DET)[:, :, labels, 0]
            self._over[key] = {
                "ap_kept": Score(mean_ap(precision), over_classes(resampled.ap)),
                "ap50_kept": Score(mean_ap(precision[0]), over_classes(resampled.ap50)),
            }
        return self._over[key]

    def _load(self, file: str) -> tuple[Detections, dict[str, Any]]:
        """Read detections that can be of the dataset that they say they are of."""
        path = self._folder.detections_called(file)
        detections, about = load_detections(path)
        require_on(detections, self._resampling.of(about["data"])[0], path)
        return detections, about

    def _look(self, file: str) -> None:
        """Read a file, match what is in it, and keep all that will be asked for."""
        detections, about = self._load(file)
        data, kept = about["data"], float(about["settings"]["conf"])
        profiled, known = file in self._profiled, [CONFIDENCE]
        original = ""
        if file in self._rows:
            original = self._originals.get((self._rows[file]["model"], self._rows[file]["head"]), "")
            if original not in ("", file, *self._best):
                self._look(original)
            best = self._best.get(original)
            known += [] if best is None else [best]
        above = -np.inf if profiled else kept if file == original else min(known)
        matches = self._resampling.match(detections, data, above)
        if file == original:
            self._best[file] = best_f1_threshold(matches.of_classes, kept)
        if file in self._rows:
            self._scored[file] = self._measure(self._rows[file], matches, data, kept, self._best.get(original))
        if profiled:
            self._profiles[file] = self._profile(detections, matches, data, about["settings"]["iou"])

    def _measure(
        self, row: Mapping[str, Any], matches: Matches, data: str, kept: float, best: float | None
    ) -> ScoredNetwork:
        drawn = self._resampling.of(data)[1]
        points: dict[OperatingPoint, AtPoint] = {
            "0.25": _at("0.25", CONFIDENCE if kept <= CONFIDENCE else None, matches, drawn),
            "best-f1": _at("best-f1", best, matches, drawn),
        }
        ap = self._resampling.ap(matches.of_classes, data)
        scores: dict[Measure, Score] = {
            "ap": Score(measured(row["ap"]), over_classes(ap.ap)),
            "ap50": Score(measured(row["ap50"]), over_classes(ap.ap50)),
        }
        for point in points.values():
            scores |= point.scores
        return ScoredNetwork(scores, points)

    def _profile(self, detections: Detections, matches: Matches, data: str, iou: float) -> Profile:
        if data not in self._examiners:
            self._examiners[data] = Examiner(*self._resampling.of(data))
        return self._examiners[data].profile(detections, matches, iou)

    def _truth(self, data: str) -> GroundTruth:
        if data not in self._truths:
            self._truths[data] = ground_truth(
                self._resampling.of(data)[0], self._manifest["suite"]["evaluation"]["scorer"]
            )
        return self._truths[data]


def _at(point: OperatingPoint, threshold: float | None, matches: Matches, drawn: NDArray[np.float64]) -> AtPoint:
    objects = sum(int(of_class.objects.sum()) for of_class in matches.of_classes)
    cells: dict[str, Any] = {"point": point, "threshold": threshold, "objects": objects}
    if threshold is None:
        nothing = Score(None, np.full(drawn.shape[1], np.nan))
        unmeasured = dict.fromkeys((*RATES, "right", "wrong"))
        return AtPoint(cells | unmeasured, {measure_at(rate, point): nothing for rate in RATES})
    counts = count(matches.of_classes, threshold)
    as_it_is, resampled = rates(counts), resampled_rates(counts, drawn)
    cells.update(
        {str(rate): value for rate, value in as_it_is.items()},
        right=int(counts.right.sum()),
        wrong=int(counts.wrong.sum()),
    )
    return AtPoint(cells, {measure_at(rate, point): Score(as_it_is[rate], resampled[rate]) for rate in RATES})
