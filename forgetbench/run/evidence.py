"""The evidence tables of a run, from what lies in its folder: scores, detections and annotations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forgetbench.analyse.claims import ClaimRow, claim_rows
from forgetbench.analyse.evidence import CheckpointInterval, Evidence, EvidenceRow, Measure, Score
from forgetbench.analyse.tables import read_tables
from forgetbench.data.annotations import load_annotations
from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.bootstrap import draw_images, over_classes, resample
from forgetbench.evaluate.detections import load_detections
from forgetbench.evaluate.matching import match
from forgetbench.report.write import write_report
from forgetbench.run.folder import RunFolder, columns_of
from forgetbench.run.progress import Progress
from forgetbench.run.seal import reseal
from forgetbench.run.tables import Table
from forgetbench.suite.portable import portable_suite

if TYPE_CHECKING:
    from forgetbench.run.plan import Plan

#: Decides which images are drawn; runs on the same images draw the same.
SEED = 0


def write_evidence(folder: RunFolder, progress: Progress) -> None:
    """Write `intervals.csv`, `evidence.csv` and `claims.csv`.

    Raises:
        CorruptRunError: a file that they rest on is missing or unreadable.
    """
    for table in evidence_tables(folder, progress):
        folder.write_table(table.name, table.columns, table.rows)
    write_claims(folder)


def evidence_tables(folder: RunFolder, progress: Progress) -> Iterator[Table]:
    """Yield the differences between scores with their intervals."""
    evidence = gather_evidence(folder, folder.read_manifest(), progress)
    yield Table("intervals.csv", columns_of(CheckpointInterval), evidence.of_checkpoints())
    yield Table("evidence.csv", columns_of(EvidenceRow), evidence.of_treatments())


def write_claims(folder: RunFolder) -> None:
    """Write `claims.csv`: what the run's other tables say of the claims in its manifest."""
    table = claims_table(folder)
    folder.write_table(table.name, table.columns, table.rows)


def claims_table(folder: RunFolder) -> Table:
    """Return what the run's other tables say of the claims in its manifest."""
    return Table("claims.csv", columns_of(ClaimRow), claim_rows(read_tables(folder.path)))


def claims_due(plan: Plan, folder: RunFolder) -> bool:
    """Tell whether a finished run was judged by other claims than the suite's, or describes it in other words."""
    manifest = folder.read_manifest()
    return (manifest["claims"], manifest["suite"]["description"]) != (plan.claims, plan.suite.description)


def add_claims(plan: Plan, folder: RunFolder) -> None:
    """Describe and judge a finished run by the suite's words and claims; nothing is measured again."""
    manifest = folder.read_manifest()
    manifest["claims"] = plan.claims
    manifest["suite"] |= {key: portable_suite(plan.suite)[key] for key in ("claims", "description")}
    folder.write_manifest(manifest)
    write_claims(folder)
    drawn = write_report(folder.path)
    reseal(folder.path, [*drawn, folder.path / "claims.csv", folder.path / "manifest.json"])


def gather_evidence(folder: RunFolder, manifest: dict[str, Any], progress: Progress) -> Evidence:
    """Resample every network's AP and return the run's evidence."""
    resamples = int(manifest["suite"]["evaluation"]["resamples"])
    scored = resampled_scores(folder, manifest, resamples, progress)
    return Evidence(folder.results(), manifest["arms"], manifest["reference_arms"], scored)


def resampled_scores(
    folder: RunFolder, manifest: dict[str, Any], resamples: int, progress: Progress
) -> dict[str, dict[Measure, Score]]:
    """Return AP and AP50 of every network on resamples of the images, by name of its detections file."""
    results, seed = folder.results(), int(manifest["resampling_seed"])

    @cache
    def images_of(fingerprint: str) -> tuple[Dataset, NDArray[np.float64]]:
        dataset = load_annotations(folder.annotations(fingerprint))
        return dataset, draw_images(len(dataset.samples), resamples, seed)

    scored: dict[str, dict[Measure, Score]] = {}
    files = results.drop_duplicates("detections")
    with progress.task("resampling images", len(files), "network") as advance:
        for row in files.to_dict("records"):
            name = str(row["detections"])
            detections, about = load_detections(folder.path / "detections" / name)
            dataset, drawn = images_of(about["data"])
            found = resample(match(dataset, detections) if resamples else [], drawn)
            scored[name] = {
                "ap": Score(name, _known(row["ap"]), over_classes(found.ap)),
                "ap50": Score(name, _known(row["ap50"]), over_classes(found.ap50)),
            }
            advance(len(scored), "")
    return scored


def _known(cell: Any) -> float | None:
    return None if pd.isna(cell) else float(cell)
