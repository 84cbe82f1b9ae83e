"""A run's tables: from its scores, from the records of its training, and, for checking, from its folder alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.result_rows import ClassRow, ResultRow
from forgetbench.record.training_rows import GradientRow, MemoryRow, TimeRow

#: Every table of every run, and those of them that a suite may do without.
TABLES = (
    "results.csv", "per_class.csv", "gradients.csv", "memory.csv", "times.csv", "losses.csv", "oddities.csv",
    "intervals.csv", "evidence.csv", "operating.csv", "front.csv", "equal_gain.csv", "claims.csv", "classes.csv",
    "errors.csv", "drift.csv", "batchnorm.csv",
)  # fmt: skip
DRIFT_TABLES = ("drift.csv", "batchnorm.csv")


@dataclass(frozen=True)
class Table:
    """A table of a run.

    Attributes:
        name: Its file.
        columns: Its columns.
        rows: Dataclasses or mappings.
    """

    name: str
    columns: list[str]
    rows: Iterable[Any]


def write_tables(
    folder: RunFolder, arms: Iterable[Mapping[str, Any]], results: Iterable[ResultRow], classes: Iterable[ClassRow]
) -> None:
    """Write what was scored and what was measured while training arms, see `training_tables`."""
    for table in (*score_tables(results, classes), *training_tables(folder, arms)):
        folder.write_table(table.name, table.columns, table.rows)


def score_tables(results: Iterable[ResultRow], classes: Iterable[ClassRow]) -> Iterator[Table]:
    """Yield what was scored."""
    yield Table("results.csv", columns_of(ResultRow), results)
    yield Table("per_class.csv", columns_of(ClassRow), classes)


def training_tables(folder: RunFolder, arms: Iterable[Mapping[str, Any]]) -> Iterator[Table]:
    """Yield what was measured while training, from the records of its epochs; arms tell `model`, `seed` and `epochs`.

    Raises:
        CorruptRunError: a record is not readable.
    """
    sessions: dict[tuple[str, int], int] = {}
    for arm in arms:
        key = str(arm["model"]), int(arm["seed"])
        sessions[key] = max(sessions.get(key, 0), int(arm["epochs"]))
    records = [(key, record) for key, epochs in sessions.items() for record in folder.session_records(*key, epochs)]
    for name, kind, part in (("gradients.csv", GradientRow, "gradients"), ("memory.csv", MemoryRow, "memory")):
        yield Table(name, columns_of(kind), [row for _, record in records for row in record[part]])
    times = [{"model": m, "seed": s, **row} for (m, s), record in records for row in record["times"]]
    yield Table("times.csv", ["model", "seed", *columns_of(TimeRow)], times)
    losses = [
        {"arm": arm, "epoch": record["epoch"], "part": part, "loss": value}
        for _, record in records
        for arm, parts in record["losses"].items()
        for part, value in parts.items()
    ]
    yield Table("losses.csv", ["arm", "epoch", "part", "loss"], losses)
