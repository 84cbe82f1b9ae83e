"""Every table of a run: what it is called, what its rows are, and how it is made from the run's other files.

Running, verifying and the docs' list read this. A new table is a function that makes its rows, and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from forgetbench.derive import classes_and_errors, evidence, kept, training
from forgetbench.derive.batchnorm import batchnorm_rows
from forgetbench.derive.source import Source
from forgetbench.record.folder import RunFolder, columns_of, table_text
from forgetbench.record.manifest import Manifest
from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow
from forgetbench.record.rows.differences import ClaimRow, EqualGainRow, EvidenceRow, FrontRow, IntervalRow
from forgetbench.record.rows.drift import BatchNormRow, CamRow, DriftRow
from forgetbench.record.rows.scores import ClassRow, OddityRow, OperatingRow, ResultRow
from forgetbench.record.rows.training import GradientRow, LossRow, MemoryRow, SessionTimeRow

#: What of a suite decides tables and may be given to a finished run: gains that claims ask for, classes that are kept.
Asked = Literal["claims", "keep"]


def _always(_: Manifest) -> bool:
    return True


def _drift(manifest: Manifest) -> bool:
    return bool(manifest["suite"]["evaluation"]["drift"])


def _maps(manifest: Manifest) -> bool:
    return manifest["suite"].get("cam") is not None


@dataclass(frozen=True)
class TableSpec:
    """A table of a run.

    Attributes:
        name: Its file.
        says: What it holds, in a line.
        row: The dataclass of its rows, which gives the columns.
        made_of: What it follows from: tables, and folders of the run. Other things give what follows from nothing here:
            the data, or the models.
        make: Makes the rows, dataclasses or mappings, from the run's other files; None where these do not suffice.
        exact: Whether every machine makes the same digits; sums over resamples may differ in their last bits.
        asked: Keys of the suite that decide it, of those that a finished run may be given later.
        due: Tells by its manifest whether a run has it.
        later: Columns that runs of earlier versions lack.
        newer: Whether runs of earlier versions lack the table; one without it then is none the worse.
    """

    name: str
    says: str
    row: type
    made_of: tuple[str, ...]
    make: Callable[[Source], Iterable[Any]] | None = None
    exact: bool = False
    asked: tuple[Asked, ...] = ()
    due: Callable[[Manifest], bool] = _always
    later: tuple[str, ...] = ()
    newer: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns, in order."""
        return columns_of(self.row)

    @property
    def always(self) -> bool:
        """Whether every run has it, of whatever version."""
        return self.due is _always and not self.newer

    def text(self, rows: Iterable[Any]) -> str:
        """Return rows as the table's file."""
        return table_text(self.columns, rows)

    def write(self, folder: RunFolder, rows: Iterable[Any]) -> None:
        """Write rows as the table of a run."""
        folder.write_table(self.name, self.columns, rows)


_SCORES = ("results.csv", "detections/", "annotations/")
#: In the order in which they are made; a later one may read an earlier one.
TABLES = (
    TableSpec("results.csv", "one row per scored thing", ResultRow, ("models", "data"), later=("variant",)),
    TableSpec("per_class.csv", "AP of every class of it", ClassRow, ("models", "data"), later=("variant",)),
    TableSpec("oddities.csv", "what was odd in the data, by file", OddityRow, ("data",)),
    TableSpec(
        "drift.csv",
        "how far each module of the last checkpoints moved: features, weights, BatchNorm statistics",
        DriftRow,
        ("models", "data"),
        due=_drift,
    ),
    TableSpec(
        "cam.csv", "one row per activation map, where the suite asks for them", CamRow, ("models", "data"), due=_maps
    ),
    TableSpec(
        "gradients.csv",
        "norms of gradients, weights and updates by step and module",
        GradientRow,
        ("sessions/",),
        training.gradient_rows,
        exact=True,
    ),
    TableSpec(
        "memory.csv", "bytes that each arm needs, by kind", MemoryRow, ("sessions/",), training.memory_rows, exact=True
    ),
    TableSpec("times.csv", "seconds by epoch and arm", SessionTimeRow, ("sessions/",), training.time_rows, exact=True),
    TableSpec("losses.csv", "mean losses by epoch and part", LossRow, ("sessions/",), training.loss_rows, exact=True),
    TableSpec(
        "intervals.csv",
        "gain and forgetting of every checkpoint with intervals over images, also of the classes kept",
        IntervalRow,
        _SCORES,
        kept.interval_rows,
        asked=("keep",),
    ),
    TableSpec(
        "evidence.csv",
        "those of last checkpoints over all seeds, and of arms with each other",
        EvidenceRow,
        _SCORES,
        kept.evidence_rows,
        asked=("keep",),
    ),
    TableSpec(
        "operating.csv",
        "recall, precision and F1 of every row of results.csv at two scores",
        OperatingRow,
        _SCORES,
        evidence.operating_rows,
    ),
    TableSpec(
        "front.csv",
        "the checkpoints of each freeze point that no other of it beats in gain and forgetting",
        FrontRow,
        _SCORES,
        lambda source: source.fronts.of_methods(),
    ),
    TableSpec(
        "equal_gain.csv",
        "what freeze points forget where they gain the same",
        EqualGainRow,
        _SCORES,
        evidence.equal_gain_rows,
        asked=("claims",),
    ),
    TableSpec(
        "classes.csv",
        "last checkpoints against their baselines by class and super-category",
        ClassChangeRow,
        _SCORES,
        classes_and_errors.class_rows,
    ),
    TableSpec(
        "errors.csv",
        "the same by what naming, placing, size and kinds of error account for",
        MeasureChangeRow,
        _SCORES,
        classes_and_errors.measure_rows,
    ),
    TableSpec(
        "batchnorm.csv",
        "what the reference loses to adapted statistics, to adapted weights, to both",
        BatchNormRow,
        _SCORES,
        batchnorm_rows,
        due=_drift,
    ),
    TableSpec(
        "claims.csv",
        "the suite's claims and the verdict on each arm",
        ClaimRow,
        ("evidence.csv", "equal_gain.csv", "memory.csv", "times.csv"),
        evidence.claims_rows,
        asked=("claims", "keep"),
    ),
)


def table(name: str) -> TableSpec:
    """Return the table of a file."""
    return next(one for one in TABLES if one.name == name)


def tables_of(manifest: Manifest, sealed: Container[str] | None = None) -> list[TableSpec]:
    """Return the tables that a run has to have, in the order in which they are made.

    Args:
        manifest: The run's.
        sealed: Names of its files, where it is finished: it may lack tables that are newer than it is.
    """
    lacked = [one for one in TABLES if one.newer and sealed is not None and one.name not in sealed]
    return [one for one in TABLES if one.due(manifest) and one not in lacked]


def derive(source: Source, *, asked: Collection[Asked] | None = None) -> None:
    """Write the tables of a run that follow from its other files; only those that these keys decide, if given.

    Raises:
        CorruptRunError: a file that they rest on is missing or unreadable.
    """
    for one in tables_of(source.manifest):
        if one.make is not None and (asked is None or not {*one.asked}.isdisjoint(asked)):
            one.write(source.folder, one.make(source))
