"""What COCO loses to adapted BatchNorm statistics and what to adapted weights, from what lies in a run's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from forgetbench.analyse.evidence import Score
from forgetbench.analyse.measures import forgetting
from forgetbench.analyse.tradeoff import ORIGINAL
from forgetbench.analyse.uncertainty import uncertain
from forgetbench.derive.measured import Table
from forgetbench.derive.resampled import Resampling
from forgetbench.evaluate.bootstrap import over_classes
from forgetbench.evaluate.coco import ground_truth, score
from forgetbench.evaluate.detections import load_detections
from forgetbench.evaluate.scorers import GroundTruth
from forgetbench.progress import Progress
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.tables import read_table, rows_of

Adapted = Literal["statistics", "weights", "both"]


@dataclass(frozen=True)
class BatchNormRow:
    """Reference AP under attach = head with a part of a trunk adapted; fractions, None is not measured.

    Attributes:
        model, arm, seed, epoch, head: Which checkpoint and head.
        adapted: What is the checkpoint's: BatchNorm's running statistics, all weights, or both; the rest is the
            original's.
        ap: Reference AP.
        forgetting: The original's AP minus it; positive is lost.
        low, high: Its 95 % interval over images.
        detections: File that the score comes from; None where the arm adapts no BatchNorm below its head.
    """

    model: str
    arm: str
    seed: int
    epoch: int
    head: str
    adapted: Adapted
    ap: float | None
    forgetting: float | None
    low: float | None
    high: float | None
    detections: str | None


def write_batchnorm(folder: RunFolder, rows: Sequence[BatchNormRow], progress: Progress) -> None:
    """Score what rows name and write `batchnorm.csv`.

    Raises:
        CorruptRunError: a file that scores rest on is missing or unreadable.
    """
    scored = _scored(folder, folder.read_manifest(), rows, progress)
    folder.write_table("batchnorm.csv", columns_of(BatchNormRow), scored)


def batchnorm_table(folder: RunFolder, progress: Progress) -> Table:
    """Return `batchnorm.csv` as `gather_batchnorm` makes it."""
    found = gather_batchnorm(folder, folder.read_manifest(), progress)
    return Table("batchnorm.csv", columns_of(BatchNormRow), found)


def gather_batchnorm(folder: RunFolder, manifest: Mapping[str, Any], progress: Progress) -> list[BatchNormRow]:
    """Return the rows of `batchnorm.csv`, their scores anew from the detections they name and the annotations.

    Raises:
        CorruptRunError: the table, or a file that its scores rest on, is missing or unreadable.
    """
    read = rows_of(read_table(folder.table("batchnorm.csv")), BatchNormRow)
    return _scored(folder, manifest, read, progress)


def _scored(
    folder: RunFolder, manifest: Mapping[str, Any], rows: Sequence[BatchNormRow], progress: Progress
) -> list[BatchNormRow]:
    results, resampling = folder.results(), Resampling(folder, manifest)
    originals = {
        (row["model"], row["head"]): str(row["detections"])
        for row in results[results["arm"] == ORIGINAL].to_dict("records")
    }

    @cache
    def truth(fingerprint: str) -> GroundTruth:
        return ground_truth(resampling.of(fingerprint)[0], manifest["suite"]["evaluation"]["scorer"])

    @cache
    def scored(name: str) -> Score:
        detections, about = load_detections(folder.detections_called(name))
        found = resampling.ap(resampling.match(detections, about["data"]), about["data"])
        return Score(score(truth(about["data"]), detections).ap, over_classes(found.ap))

    made = []
    with progress.task("telling BatchNorm statistics from weights", len(rows), "network") as advance:
        for row in rows:
            if row.detections is None:
                made.append(replace(row, ap=None, forgetting=None, low=None, high=None))
            else:
                after, before = scored(row.detections), scored(originals[row.model, row.head])
                lost = forgetting(before.value, after.value)
                low, high = uncertain([lost], [before.resampled - after.resampled]).over_images or (None, None)
                made.append(replace(row, ap=after.value, forgetting=lost, low=low, high=high))
            advance(len(made), "")
    return made
