"""The tables of what was forgotten and learnt, from what lies in a run's folder: scores, detections and annotations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from forgetbench.analyse.compared import comparisons
from forgetbench.analyse.forgotten import ClassChange, MeasureChange, class_changes, measure_changes
from forgetbench.derive.measured import Table
from forgetbench.derive.resampled import Resampling
from forgetbench.evaluate.detections import load_detections
from forgetbench.evaluate.profile import Examiner, Profile
from forgetbench.progress import Progress
from forgetbench.record.folder import RunFolder, columns_of


@dataclass(frozen=True)
class Forgotten:
    """Rows of `classes.csv` and `errors.csv`."""

    classes: list[ClassChange]
    measures: list[MeasureChange]


def write_forgotten(folder: RunFolder, progress: Progress) -> None:
    """Write `classes.csv` and `errors.csv`.

    Raises:
        CorruptRunError: a file that they rest on is missing or unreadable.
    """
    for table in forgotten_tables(folder, progress):
        folder.write_table(table.name, table.columns, table.rows)


def forgotten_tables(folder: RunFolder, progress: Progress) -> Iterator[Table]:
    """Yield every arm's last checkpoint compared with its baseline, by class and by measure."""
    found = gather_forgotten(folder, folder.read_manifest(), progress)
    yield Table("classes.csv", columns_of(ClassChange), found.classes)
    yield Table("errors.csv", columns_of(MeasureChange), found.measures)


def gather_forgotten(folder: RunFolder, manifest: dict[str, Any], progress: Progress) -> Forgotten:
    """Compare every arm's last checkpoint with its baseline.

    Raises:
        CorruptRunError: a file that the rows rest on is missing or unreadable.
    """
    resampling = Resampling(folder, manifest)
    compared = comparisons(folder.results(), manifest["arms"], manifest["reference_arms"])

    @cache
    def examiner_of(fingerprint: str) -> Examiner:
        return Examiner(*resampling.of(fingerprint))

    profiles: dict[str, Profile] = {}
    files = list(dict.fromkeys(file for one in compared for pair in one.files.values() for file in pair))
    with progress.task("comparing classes and errors", len(files), "network") as advance:
        for name in files:
            detections, about = load_detections(folder.detections_called(name))
            profiles[name] = examiner_of(about["data"]).profile(detections, about["settings"]["iou"])
            advance(len(profiles), "")
    classes: list[ClassChange] = []
    measures: list[MeasureChange] = []
    for one in compared:
        data, models = manifest["data"], manifest["models"]
        others = data["target"]["classes"] if one.role == "reference" else models[one.model]["classes"]
        classes += class_changes(one, profiles, others)
        measures += measure_changes(one, profiles)
    return Forgotten(classes, measures)
