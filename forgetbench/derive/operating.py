"""Every network of a run in rank and in score, as it is and on resamples of images, from what lies in the folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forgetbench.analyse.evidence import Score
from forgetbench.analyse.operating import POINTS, OperatingPoint, OperatingRow, measure_at
from forgetbench.analyse.tradeoff import ORIGINAL
from forgetbench.derive.measured import Table
from forgetbench.derive.resampled import Resampling
from forgetbench.evaluate.bootstrap import over_classes
from forgetbench.evaluate.detections import load_detections
from forgetbench.evaluate.image_score import CONFIDENCE
from forgetbench.evaluate.matching import ClassMatches
from forgetbench.evaluate.operating import RATES, best_f1_threshold, count, rates, resampled_rates
from forgetbench.progress import Progress
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.tables import measured
from forgetbench.suite.claims import Measure


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


def scored_networks(
    folder: RunFolder, manifest: Mapping[str, Any], resamples: int, progress: Progress
) -> dict[str, ScoredNetwork]:
    """Return every network that the results name, by name of its detections file; each is matched once.

    Raises:
        CorruptRunError: a file that they rest on is missing or unreadable.
    """
    resampling, results = Resampling(folder, manifest, resamples), folder.results()
    is_original = results["arm"] == ORIGINAL
    originals = {(row["model"], row["head"]): str(row["detections"]) for row in results[is_original].to_dict("records")}
    best: dict[str, float | None] = {}
    found: dict[str, ScoredNetwork] = {}
    # the originals come first, since their thresholds are everyone's
    files = pd.concat([results[is_original], results[~is_original]]).drop_duplicates("detections")
    with progress.task("resampling images", len(files), "network") as advance:
        for row in files.to_dict("records"):
            name, original = str(row["detections"]), originals.get((row["model"], row["head"]), "")
            detections, about = load_detections(folder.detections_called(name))
            kept = float(about["settings"]["conf"])
            known = [threshold for threshold in (CONFIDENCE, best.get(original)) if threshold is not None]
            matches = resampling.match(detections, about["data"], kept if name == original else min(known))
            if name == original:
                best[name] = best_f1_threshold(matches, kept)
            drawn = resampling.of(about["data"])[1]
            points: dict[OperatingPoint, AtPoint] = {
                "0.25": _at("0.25", CONFIDENCE if kept <= CONFIDENCE else None, matches, drawn),
                "best-f1": _at("best-f1", best.get(original), matches, drawn),
            }
            ap = resampling.ap(matches, about["data"])
            scores: dict[Measure, Score] = {
                "ap": Score(measured(row["ap"]), over_classes(ap.ap)),
                "ap50": Score(measured(row["ap50"]), over_classes(ap.ap50)),
            }
            for point in points.values():
                scores |= point.scores
            found[name] = ScoredNetwork(scores, points)
            advance(len(found), "")
    return found


def _at(
    point: OperatingPoint, threshold: float | None, matches: Sequence[ClassMatches], drawn: NDArray[np.float64]
) -> AtPoint:
    objects = sum(int(of_class.objects.sum()) for of_class in matches)
    cells: dict[str, Any] = {"point": point, "threshold": threshold, "objects": objects}
    if threshold is None:
        nothing = Score(None, np.full(drawn.shape[1], np.nan))
        unmeasured = dict.fromkeys((*RATES, "right", "wrong"))
        return AtPoint(cells | unmeasured, {measure_at(rate, point): nothing for rate in RATES})
    counts = count(matches, threshold)
    as_it_is, resampled = rates(counts), resampled_rates(counts, drawn)
    cells.update(
        {str(rate): value for rate, value in as_it_is.items()},
        right=int(counts.right.sum()),
        wrong=int(counts.wrong.sum()),
    )
    return AtPoint(cells, {measure_at(rate, point): Score(as_it_is[rate], resampled[rate]) for rate in RATES})


def operating_table(results: pd.DataFrame, networks: Mapping[str, ScoredNetwork]) -> Table:
    """Return `operating.csv`: every row of the results at each operating point."""
    named = ("model", "arm", "seed", "epoch", "role", "attach", "head", "detections")
    rows = []
    for row in results.to_dict("records"):
        cells: dict[str, Any] = {name: None if pd.isna(row[name]) else row[name] for name in named}
        cells["seed"] = None if cells["seed"] is None else int(cells["seed"])  # a column with gaps is read as float
        rows += [OperatingRow(**cells, **networks[row["detections"]].points[point].cells) for point in POINTS]
    return Table("operating.csv", columns_of(OperatingRow), rows)
