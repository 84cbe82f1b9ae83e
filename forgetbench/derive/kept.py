"""Forgetting of the classes that somebody keeps, beside that of all classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forgetbench.analyse.evidence import Evidence
from forgetbench.derive.source import Source
from forgetbench.record.rows.differences import EvidenceRow, IntervalRow
from forgetbench.suite.kept import kept_labels
from forgetbench.suite.measures import KEPT_MEASURES, KeptMeasure


def interval_rows(source: Source) -> Iterator[IntervalRow]:
    """Yield gain and forgetting of every checkpoint, then forgetting of the classes that the suite keeps."""
    yield from source.evidence.of_checkpoints()
    if keep := source.manifest["suite"].get("keep"):
        yield from kept_evidence(source, keep).of_checkpoints()


def evidence_rows(source: Source) -> Iterator[EvidenceRow]:
    """Yield differences between last checkpoints, then those of the classes that the suite keeps."""
    yield from source.evidence.of_treatments()
    if keep := source.manifest["suite"].get("keep"):
        yield from kept_evidence(source, keep).of_treatments()


def kept_intervals(
    source: Source, classes: Sequence[str], measure: KeptMeasure = "ap_kept", *, where: str = "keep"
) -> list[IntervalRow]:
    """Return every checkpoint's forgetting of some classes with its 95 % interval over images; nothing is written.

    Args:
        source: A finished run.
        classes: Names of classes of the reference, whatever the run's own suite keeps.
        measure: AP or AP50 over these classes; fractions.
        where: What an error names as the place of the names.

    Raises:
        InputError: a model of the run knows no class of such a name.
        CorruptRunError: a file that this rests on is missing or unreadable.
    """
    return [row for row in kept_evidence(source, classes, where=where).of_checkpoints() if row.measure == measure]


def kept_evidence(source: Source, classes: Sequence[str], *, where: str = "keep") -> Evidence:
    """Return forgetting measured over some classes of the reference, of every network from its stored detections.

    A class without an object in the reference counts for nothing; without any such object nothing is measured.

    Raises:
        InputError: a model of the run knows no class of such a name.
        CorruptRunError: a file that this rests on is missing or unreadable.
    """
    manifest, results = source.manifest, source.results
    labels = {name: kept_labels(classes, about["classes"], where=where) for name, about in manifest["models"].items()}
    scored_on_reference = results[results["role"] == "reference"]
    files = scored_on_reference.drop_duplicates("detections")
    scored = {}
    with source.progress.task("resampling the classes kept", len(files), "network") as advance:
        for file, model in zip(files["detections"], files["model"], strict=True):
            scored[str(file)] = source.networks.ap_over(str(file), labels[str(model)])
            advance(len(scored), "")
    return Evidence(scored_on_reference, manifest["arms"], manifest["reference_arms"], scored, KEPT_MEASURES)
