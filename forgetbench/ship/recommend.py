"""Looking through a finished run for the detector to take home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forgetbench.analyse.price import prices
from forgetbench.analyse.recommend import Bounds, Candidate, Estimated, Recommendation, recommend
from forgetbench.cache_use import using_cache
from forgetbench.derive.kept import kept_intervals
from forgetbench.derive.source import Source
from forgetbench.device import pick_device
from forgetbench.errors import InputError
from forgetbench.progress import Progress, Silent
from forgetbench.proof.verify import open_subject, opened
from forgetbench.record.manifest import Manifest
from forgetbench.record.rows.differences import IntervalRow
from forgetbench.record.rows.price import PriceRow
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.record.strangers import reading
from forgetbench.record.table_files import as_trained, measured
from forgetbench.ship.price import counted_rows
from forgetbench.ship.unchanged import require_unchanged, require_unchanged_tables
from forgetbench.suite.measures import KeptMeasure, WholeMeasure
from forgetbench.sweep.module_counts import module_rows
from forgetbench.sweep.reproduce import plan_again

#: Measures that can be taken over some of the classes, and what they are called then.
KEPT: dict[WholeMeasure, KeptMeasure] = {"ap": "ap_kept", "ap50": "ap50_kept"}


@dataclass(frozen=True)
class Advice:
    """What a run recommends.

    Attributes:
        found: Which detector, and whether it keeps to the bounds.
        bounds: What was asked for.
        measure: What gain and forgetting are of.
        keep: The classes that forgetting is of; None for all.
        candidates: How many detectors were looked at.
        several_heads: Whether they differ in their heads.
        images: Of the reference.
        seeds: Of the run.
    """

    found: Recommendation
    bounds: Bounds
    measure: WholeMeasure
    keep: Sequence[str] | None
    candidates: int
    several_heads: bool
    images: int
    seeds: int


@using_cache()
def recommend_from(
    run: str | Path,
    *,
    max_forgetting: float | None = None,
    max_gflops: float | None = None,
    keep: Sequence[str] | None = None,
    measure: WholeMeasure = "ap",
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Advice:
    """Return the combined detector of a finished run that gains most within bounds.

    Every scored checkpoint under every attach point and head is a candidate. A bound on forgetting holds if the whole
    95 % interval over images lies within it.

    Args:
        run: A finished run's folder, or an archive of one.
        max_forgetting: Most that may be forgotten, a fraction of the measure.
        max_gflops: Most that the combined detector may compute for one image of the evaluation's size.
        keep: Classes of the reference that forgetting is of; default: those that the run's suite keeps, or all.
        measure: What gain and forgetting are of.
        overrides: Where data and weights are; only runs that did not count operations need them.
        progress: Told what is going on.

    Raises:
        InputError: it is no finished run, knows no such class, or the measure is not taken over some classes.
    """
    progress = progress or Silent()
    with opened(Path(run)) as folder:
        with reading(folder):
            subject = open_subject(folder)
            require_unchanged_tables(subject, ("results.csv", "intervals.csv"))
            source = Source(subject.folder, progress, profiles=False)
            manifest = source.manifest
            keep = tuple(keep or manifest["suite"].get("keep") or ()) or None
            if keep and measure not in KEPT:
                raise InputError("is not measured over some of the classes", where=measure, expected="ap or ap50")
            intervals = [row for row in source.read("intervals.csv", IntervalRow) if row.measure == measure]
            if keep:
                files = source.results["detections"].unique()
                require_unchanged(subject, map(subject.folder.detections_called, map(str, files)))
                lost = kept_intervals(source, keep, KEPT[measure], where="--keep")
            else:
                lost = [row for row in intervals if row.quantity == "forgetting"]
            rows = counted_rows(subject)
            scores = _target_scores(source, measure)
        if rows is None and max_gflops is not None:
            rows = list(module_rows(plan_again(manifest, run, overrides, pick_device("cpu"), progress)))
        with reading(folder):
            gains = {(row.arm, row.epoch, row.head): row for row in intervals if row.quantity == "gain"}
            costs = {(row.arm, row.head, row.attach): row for row in prices(rows or (), manifest)}
            candidates = list(_candidates(manifest, gains, lost, costs, scores))
            images, seeds = int(manifest["data"]["reference"]["images"]), len(manifest["suite"]["seeds"])
            bounds = Bounds(max_forgetting, None if max_gflops is None else 1e9 * max_gflops)
            found = recommend(candidates, bounds)
    if found is None:
        raise InputError("has no checkpoint that was scored on target and reference", where=run)
    several_heads = len({one.head for one in candidates}) > 1
    return Advice(found, bounds, measure, keep, len(candidates), several_heads, images, seeds)


def _target_scores(source: Source, measure: WholeMeasure) -> dict[tuple[str, int, str], float | None]:
    """Return scores on the target by arm, epoch and head, where the results have the measure."""
    results = as_trained(source.results)
    if measure not in results:
        return {}
    rows: list[dict[str, Any]] = results[(results["role"] == "target") & (results["arm"] != ORIGINAL)].to_dict(
        "records"
    )  # type: ignore[assignment]
    return {(str(row["arm"]), int(row["epoch"]), str(row["head"])): measured(row[measure]) for row in rows}


def _candidates(
    manifest: Manifest,
    gains: Mapping[tuple[str, int, str], IntervalRow],
    lost: Sequence[IntervalRow],
    costs: Mapping[tuple[str, str, str], PriceRow],
    scores: Mapping[tuple[str, int, str], float | None],
) -> Iterator[Candidate]:
    labels = {arm["arm"]: arm["label"] for arm in manifest["arms"]}
    for row in lost:
        attach, gain = str(row.attach), gains.get((row.arm, row.epoch, row.head))
        cost = costs.get((row.arm, row.head, attach))
        yield Candidate(
            row.arm,
            labels[row.arm],
            row.epoch,
            row.head,
            attach,
            Estimated(gain.value, gain.low, gain.high) if gain else Estimated(None, None, None),
            scores.get((row.arm, row.epoch, row.head)),
            Estimated(row.value, row.low, row.high),
            cost.flops if cost else None,
        )
