"""Comparing a run's table with the same table made again."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from forgetbench.errors import CorruptRunError
from forgetbench.proof.verify.findings import CheckResult

#: Columns that tell rows apart, as findings name them.
_NAMING = (
    "claim", "model", "arm", "treatment", "against", "epoch", "step", "module", "role", "attach", "head", "quantity",
    "measure", "point", "kind", "part", "name",
)  # fmt: skip


def raw_rows(path: Path) -> list[dict[str, str]]:
    """Return a table's rows as text by column.

    Raises:
        CorruptRunError: the file is missing or not readable.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise CorruptRunError("not a readable table", where=path, found=str(error).splitlines()[0]) from error


def compare_table(check: CheckResult, path: Path, text: str, tolerance: float = 0.0, later: Sequence[str] = ()) -> int:
    """Compare a run's table with the expected one, cell by cell; return the number of cells compared.

    Args:
        check: Where findings go.
        path: The table's file.
        text: What the table has to be.
        later: Columns that runs of earlier versions lack.
        tolerance: Numbers may differ by as much, relative to the larger of 1 and what is expected.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            found = list(csv.reader(file))
    except (OSError, ValueError, csv.Error) as error:
        check.find(path.name, f"not a readable table: {error.strerror if isinstance(error, OSError) else error}")
        return 0
    columns, *expected = csv.reader(StringIO(text))
    if found and not {*later} & {*found[0]}:
        known = [place for place, column in enumerate(columns) if column not in later]
        columns, *expected = ([row[place] for place in known] for row in (columns, *expected))
    if not found or not check.expect(f"{path.name}, columns", found[0], columns):
        return 0
    if len(found) - 1 != len(expected):
        check.find(path.name, f"found {len(found) - 1} rows, expected {len(expected)}")
    for line, (row, wanted) in enumerate(zip(found[1:], expected, strict=False), start=2):
        if len(row) != len(columns):
            check.find(f"{path.name}, line {line}", f"found {len(row)} cells, expected {len(columns)}")
            continue
        for column, cell, value in zip(columns, row, wanted, strict=True):
            if not _same(cell, value, tolerance):
                check.expect(f"{path.name}, line {line} ({_named(columns, wanted)}), {column}", cell, value)
    return len(columns) * len(expected)


def _same(found: str, expected: str, tolerance: float) -> bool:
    if found == expected or not tolerance:
        return found == expected
    try:
        return math.isclose(
            float(found), float(expected), rel_tol=0, abs_tol=tolerance * max(1.0, abs(float(expected)))
        )
    except ValueError:
        return False


def _named(columns: list[str], row: list[str]) -> str:
    cells = dict(zip(columns, row, strict=True))
    named = {name: cells[name] for name in _NAMING if cells.get(name)}
    return ", ".join(f"{name} {cell}" if cell.isdecimal() else cell for name, cell in named.items())
