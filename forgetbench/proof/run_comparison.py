"""Comparing two runs of one suite: exactly, or within the uncertainty over images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forgetbench.analyse.uncertainty import percentiles
from forgetbench.derive.catalogue import TABLES
from forgetbench.derive.networks import Networks
from forgetbench.progress import Progress
from forgetbench.proof.verify.table_comparison import raw_rows
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest
from forgetbench.record.rows.scores import ORIGINAL, TRAINED
from forgetbench.record.seal import read_seal
from forgetbench.suite.measures import Measure

#: What has to be the same for results to be the same to the last bit.
_DECIDING = (
    "forgetbench", "commit", "python", "packages", "platform", "processor", "instructions", "threads", "variables",
    "device", "cuda", "began_with", "done_with",
)  # fmt: skip
#: Where AP has next to no interval over images, it may differ by this much all the same: half a point.
LEAST_TOLERANCE = 0.005
#: Resamples for tolerances, where the run itself has none.
RESAMPLES = 1000
_MEASURED = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large")
#: Of these, the ones that have intervals.
_JUDGED: tuple[Measure, ...] = ("ap", "ap50")
_KEY = ("arm", "model", "epoch", "role", "attach", "head")
#: Tables that equal runs have in common to the last bit.
_EXACT_TABLES = ("results.csv", "per_class.csv", "losses.csv", "gradients.csv")


@dataclass(frozen=True)
class EnvironmentDifference:
    """Something that differs between the environments of two runs, and whether it may change their last bits."""

    name: str
    before: Any
    here: Any
    decides: bool

    def __str__(self) -> str:
        before, here = ("none" if value is None else value for value in (self.before, self.here))
        return f"{self.name}: {before} then, {here} here"


@dataclass(frozen=True)
class Comparison:
    """How a run's results compare with those of the same suite run again.

    Attributes:
        exact: Whether they were expected to be the same to the last bit.
        rows: How many rows were compared.
        largest: The largest difference of any AP, as a fraction; None if none could be measured.
        failures: What differs by more than is allowed, in words.
    """

    exact: bool
    rows: int
    largest: float | None
    failures: list[str]

    @property
    def tolerance(self) -> str:
        """What was allowed, in words."""
        if self.exact:
            return "nothing: results, losses, gradient norms and checkpoints have to be the same to the last bit"
        return (
            "half the width of each AP's and AP50's 95 % interval over images in the first run, "
            f"at least {100 * LEAST_TOLERANCE:g} points; other AP are not judged"
        )


def environment_differences(before: Mapping[str, Any], here: Mapping[str, Any]) -> list[EnvironmentDifference]:
    """Return what differs between two environments as manifests keep them."""
    return list(_differences(before, here))


def _differences(before: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[EnvironmentDifference]:
    for key in sorted({*before, *here}):
        one, other = before.get(key), here.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            for name in sorted({*one, *other}):
                if one.get(name) != other.get(name):
                    # how many threads there were in the end is kept under its own name
                    decides = key in _DECIDING and not name.endswith("_NUM_THREADS")
                    yield EnvironmentDifference(name, one.get(name), other.get(name), decides)
        elif one != other:
            yield EnvironmentDifference(key, one, other, key in _DECIDING)


def compare_runs(first: RunFolder, again: RunFolder, progress: Progress) -> Comparison:
    """Compare two finished runs of one suite: exactly where their environments are the same, else within intervals.

    Raises:
        CorruptRunError: a file of one of them is not readable.
    """
    manifest = first.read_manifest()
    differences = environment_differences(manifest["environment"], again.read_manifest()["environment"])
    exact = not any(difference.decides for difference in differences)
    rows, others = ({_key(row): row for row in raw_rows(run.path / "results.csv")} for run in (first, again))
    failures = [f"{_named(key)}: only in one of the runs" for key in sorted(rows.keys() ^ others.keys())]
    allowed = {} if exact else _tolerances(first, manifest, progress)
    largest: list[float] = []
    for key in (key for key in rows if key in others):
        row, other = rows[key], others[key]
        for name in (*_MEASURED, "images", "instances"):
            difference = abs(float(row[name]) - float(other[name])) if row[name] and other[name] else None
            if difference is not None and name in _MEASURED:
                largest.append(difference)
            limit = 0.0 if exact or name not in _MEASURED else allowed.get((row["detections"], name))
            if row[name] == other[name] or limit is None:
                continue
            if difference is None or difference > limit:
                failures.append(f"{_named(key)}, {name}: {row[name] or 'none'} then, {other[name] or 'none'} here")
    if exact:
        failures += _unequal_files(first, again)
    return Comparison(exact, len(rows), max(largest, default=None), failures)


def _tolerances(run: RunFolder, manifest: Manifest, progress: Progress) -> dict[tuple[str, str], float]:
    """Return by how much AP and AP50 may differ, by name of the detections file."""
    resamples = int(manifest["suite"]["evaluation"]["resamples"]) or RESAMPLES
    found: dict[tuple[str, str], float] = {}
    networks = Networks(run, manifest, run.results(), resamples)
    with progress.task("resampling images", len(networks.files), "network") as advance:
        for done, file in enumerate(networks.files, start=1):
            for measure in _JUDGED:
                resampled = networks.scored(file).scores[measure].resampled
                low, high = percentiles(resampled[~np.isnan(resampled)]) or (0.0, 0.0)
                found[file, measure] = max((high - low) / 2, LEAST_TOLERANCE)
            advance(done, "")
    return found


def _key(row: dict[str, str]) -> tuple[str, ...]:
    """Return a row's key. Tables of earlier versions have no variants: all their checkpoints are as trained."""
    variant = row.get("variant", "" if row["arm"] == ORIGINAL else TRAINED)
    return (*(row[name] for name in _KEY), variant)


def _unequal_files(first: RunFolder, again: RunFolder) -> Iterator[str]:
    then, here = read_seal(first.path), read_seal(again.path)
    for name in sorted({*then, *here}):
        concerned = name in _EXACT_TABLES or name.startswith("checkpoints/")
        if concerned and then.get(name) != here.get(name) and not _other_columns(first, again, name):
            yield f"{name}: not the same bytes"


def _other_columns(first: RunFolder, again: RunFolder, name: str) -> bool:
    """Tell whether a table differs only by columns that a later version added."""
    later = next((table.later for table in TABLES if table.name == name), ())
    if not later or not all((run.path / name).is_file() for run in (first, again)):
        return False
    columns = [{*next(iter(raw_rows(run.path / name)), {})} for run in (first, again)]
    return columns[0] ^ columns[1] == {*later}


def _named(key: tuple[str, ...]) -> str:
    cells = [f"epoch {cell}" if cell.isdecimal() else cell for cell in key if cell not in ("", TRAINED)]
    return f"results.csv ({', '.join(cells)})"
