"""Reading a run folder's tables back: the only way from a finished run to its analysis, charts and summary."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from forgetbench.errors import CorruptRunError, brief, shortened
from forgetbench.files import open_regular
from forgetbench.record.manifest import ArmRecord, Manifest, read_manifest
from forgetbench.record.rows.scores import TRAINED
from forgetbench.shown import from_csv

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")
#: Columns that hold names even where they look like numbers (`attach` may be a module index).
_NAMES = (
    "arm", "model", "strategy", "setting", "method", "dataset", "role", "attach", "head", "module", "treatment",
    "against", "name", "variant", "claim", "point", "from_setting", "to_setting",
)  # fmt: skip
_TEXT = dict.fromkeys(_NAMES, "string")
#: Columns that hold numbers, in whatever table; a cell may be empty.
NUMBERS = frozenset({
    "above", "after", "ap", "ap50", "ap75", "ap_large", "ap_medium", "ap_small", "at_gain", "before", "below", "bytes",
    "cka", "distance", "epoch", "f1", "forgetting", "freeze_point", "from_epoch", "gain", "high", "images",
    "images_high", "images_low", "instances", "label", "loss", "low", "mean_change", "norm", "objects", "precision",
    "recall", "right", "score", "seconds", "seed", "seeds", "seeds_high", "seeds_low", "share", "step", "steps",
    "threshold", "to_epoch", "update_norm", "utilisation", "value", "variance_change", "weight_change", "weight_norm",
    "wrong",
})  # fmt: skip
#: The tables of a run that its analysis reads.
TABLES = ("results", "gradients", "memory", "times", "evidence")
#: Those that runs of earlier versions lack.
LATER_TABLES = ("operating", "front", "equal_gain")
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
    """A run's manifest and tables.

    Attributes:
        manifest: What was asked for and what it ran with.
        results: One row per scored thing, checkpoints as trained; AP are fractions, NaN where not measured.
        gradients, memory, times: What was measured while training.
        evidence: Differences between treatments' last checkpoints with their intervals.
        operating: Recall, precision and F1 at two scores, for each row of the results.
        front, equal_gain: Gain against forgetting over all epochs and settings. Runs of earlier versions lack these
            three: None.
    """

    manifest: Manifest
    results: pd.DataFrame
    gradients: pd.DataFrame
    memory: pd.DataFrame
    times: pd.DataFrame
    evidence: pd.DataFrame
    operating: pd.DataFrame | None = None
    front: pd.DataFrame | None = None
    equal_gain: pd.DataFrame | None = None

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
    results, *others = (read_table(folder / f"{name}.csv") for name in TABLES)
    return RunTables(
        read_manifest(folder),
        as_trained(results),
        *others,
        *(read_table(path) if (path := folder / f"{name}.csv").is_file() else None for name in LATER_TABLES),
    )


def read_table(path: Path) -> pd.DataFrame:
    """Read one CSV table of a run folder; an empty cell is a missing value, every digit of a number is kept.

    A number that is not one (`nan`, the norm of a gradient that was not finite) is a missing value too.

    Raises:
        CorruptRunError: it is missing, unreadable, lacks a column or holds something else than a number where one is
            due.
    """
    try:
        with open_regular(path) as file:
            frame = pd.read_csv(
                file, dtype=_TEXT, float_precision="round_trip", keep_default_na=False, na_values=[""]
            )  # an arm may be called "null"
        for column in frame.columns.difference(list(_TEXT)):
            if pd.api.types.is_string_dtype(frame[column]):  # pandas takes a column that holds `nan` for text
                frame[column] = _numbers(frame[column])
    except FileNotFoundError as error:
        raise CorruptRunError("no such table", where=path, fix="Run the suite to its end first.") from error
    except (OSError, ValueError, TypeError, OverflowError, LookupError) as error:
        found = shortened(" ".join(str(error).split()), 200)
        raise CorruptRunError("not a readable table", where=path, found=found) from error
    words = [name for name in frame.columns if name in NUMBERS and pd.api.types.is_string_dtype(frame[name])]
    if words:
        found = next(cell for cell in frame[words[0]] if not pd.isna(cell) and _number(cell) is None)
        raise CorruptRunError("not a number", where=f"{path}, column '{words[0]}'", found=brief(found))
    for column in frame.columns:
        if pd.api.types.is_string_dtype(frame[column]):
            frame[column] = frame[column].map(from_csv, na_action="ignore").astype(frame[column].dtype)
    missing = _NEEDED.get(path.name, set()) - set(frame.columns)
    if missing:
        raise CorruptRunError("columns are missing", where=path, expected=", ".join(sorted(missing)))
    return frame


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
