"""Reading a run folder's tables back: the only way from a finished run to its analysis, charts and summary."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from math import nan
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import pandas as pd

from forgetbench.errors import CorruptRunError, brief, shortened
from forgetbench.files import open_regular
from forgetbench.record.manifest import ArmRecord, Manifest, read_manifest
from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.record.rows.scores import TRAINED, ResultRow
from forgetbench.record.rows.training import GradientRow, MemoryRow, SessionTimeRow
from forgetbench.shown import from_csv

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")
#: Columns every table must have for the analysis to read it.
_NEEDED = {
    "results.csv": {
        "arm",
        "model",
        "freeze_point",
        "strategy",
        "seed",
        "epoch",
        "role",
        "attach",
        "head",
        "ap",
        "ap50",
    },
    "gradients.csv": {"arm", "epoch", "step", "module", "norm"},
    "memory.csv": {"arm", "kind", "bytes"},
    "times.csv": {"model", "seed", "arm", "epoch", "steps", "seconds"},
    "evidence.csv": {"model", "head", "attach", "quantity", "measure", "treatment", "against", "value", "low", "high"},
}  # fmt: skip


@dataclass(frozen=True)
class RunTables:
    """A run's manifest, and the tables that every run has and its analysis reads.

    Attributes:
        manifest: What was asked for and what it ran with.
        results: One row per scored thing, checkpoints as trained; AP are fractions, NaN where not measured.
        gradients, memory, times: What was measured while training.
        evidence: Differences between treatments' last checkpoints with their intervals.
    """

    manifest: Manifest
    results: pd.DataFrame
    gradients: pd.DataFrame
    memory: pd.DataFrame
    times: pd.DataFrame
    evidence: pd.DataFrame

    @property
    def models(self) -> list[str]:
        """Names of the models, in the suite's order."""
        return list(dict.fromkeys(arm["model"] for arm in self.manifest["arms"]))

    def arms(self, model: str) -> list[ArmRecord]:
        """Return a model's arms as the manifest describes them."""
        return [arm for arm in self.manifest["arms"] if arm["model"] == model]


def read_tables(folder: Path) -> RunTables:
    """Read a run folder.

    Raises:
        CorruptRunError: a file is missing, unreadable or lacks a column.
    """
    return RunTables(
        read_manifest(folder),
        as_trained(read_table(folder / "results.csv", ResultRow)),
        read_table(folder / "gradients.csv", GradientRow),
        read_table(folder / "memory.csv", MemoryRow),
        read_table(folder / "times.csv", SessionTimeRow),
        read_table(folder / "evidence.csv", EvidenceRow),
    )


def read_table(path: Path, row: type[DataclassInstance] | None) -> pd.DataFrame:
    """Read one CSV table of a run folder; an empty cell is a missing value, every digit of a number is kept.

    A number that is not one (`nan`, the norm of a gradient that was not finite) is a missing value too.

    Args:
        path: The table.
        row: The dataclass of its rows, whose annotations say which columns hold text, even where it looks like numbers
            (`attach` may be a module index), and which hold numbers. None where nothing is known of the table.

    Raises:
        CorruptRunError: it is missing, unreadable, lacks a column or holds something else than a number where one is
            due, or nothing where something is.
    """
    kinds = {} if row is None else _kinds(row)
    texts = [name for name, kind in kinds.items() if kind - {NoneType} == {str}]
    try:
        with open_regular(path) as file:
            frame = pd.read_csv(
                file,
                dtype=dict.fromkeys(texts, "string"),
                float_precision="round_trip",
                keep_default_na=False,
                na_values=[""],
            )  # an arm may be called "null"
        for column in frame.columns.difference(texts):
            if pd.api.types.is_string_dtype(frame[column]):  # pandas takes a column that holds `nan` for text
                frame[column] = _numbers(frame[column])
    except FileNotFoundError as error:
        raise CorruptRunError("no such table", where=path, fix="Run the suite to its end first.") from error
    except (OSError, ValueError, TypeError, OverflowError, LookupError) as error:
        found = shortened(" ".join(str(error).split()), 200)
        raise CorruptRunError("not a readable table", where=path, found=found) from error
    for column, kind in kinds.items():
        if column in frame and (problem := _problem_of(frame[column], kind)):
            raise CorruptRunError(problem[0], where=f"{path}, column '{column}'", found=problem[1])
    for column in frame.columns:
        if pd.api.types.is_string_dtype(frame[column]):
            frame[column] = frame[column].map(from_csv, na_action="ignore").astype(frame[column].dtype)
    missing = _NEEDED.get(path.name, set()) - set(frame.columns)
    if missing:
        raise CorruptRunError("columns are missing", where=path, expected=", ".join(sorted(missing)))
    return frame


@cache
def _kinds(row: type[DataclassInstance]) -> dict[str, set[type]]:
    """Return what the cells of each column may be."""
    return {name: _types(hint) for name, hint in get_type_hints(row).items()}


def _problem_of(column: pd.Series[Any], kinds: set[type]) -> tuple[str, str | None] | None:
    """Return what is wrong with a column whose cells may be of these kinds, and the cell that is; None if nothing."""
    if str in kinds:  # anything is a text, and an empty one is written as nothing
        return None
    there = column.dropna()
    if NoneType not in kinds and len(there) < len(column):
        return "a cell is empty, or no number", None
    problem, right = "not a number", there.notna()
    if bool in kinds:
        problem, right = "neither True nor False", there.astype(str).isin(["True", "False"])
    elif pd.api.types.is_string_dtype(column):
        right = there.map(_number).notna()
    elif float not in kinds:
        problem, right = "not a whole number", there % 1 == 0
    return None if right.all() else (problem, brief(str(there[~right].iloc[0])))


def _types(hint: Any) -> set[type]:
    """Return the types that an annotation comes down to."""
    if isinstance(hint, type):
        return {hint}
    if get_origin(hint) is Literal:
        return {type(value) for value in get_args(hint)}
    return {kind for one in get_args(hint) for kind in _types(one)}


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of texts as numbers if all of them are."""
    try:
        return pd.Series([nan if pd.isna(cell) else float(cell) for cell in column], column.index, "float64")
    except ValueError:
        return column


def _number(cell: Any) -> float | None:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def as_trained(results: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `results.csv` that are of originals and of checkpoints as they were trained."""
    if "variant" not in results:  # a run of an earlier version
        return results
    return results[results["variant"].isna() | (results["variant"] == TRAINED)]


def measured(cell: Any) -> float | None:
    """Return a cell's number, None where it is empty."""
    return None if pd.isna(cell) else float(cell)


def rows_of(frame: pd.DataFrame, kind: type[Row]) -> list[Row]:
    """Return a table's rows as the dataclass that they were written from; an empty cell is None."""
    names = [field.name for field in fields(kind)]
    cells = ([None if pd.isna(cell) else cell for cell in row] for row in frame[names].itertuples(index=False))
    return [kind(*row) for row in cells]
