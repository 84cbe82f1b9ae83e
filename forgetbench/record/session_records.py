"""Records of joint training as they are read: of every epoch, and of how it ended.

A run may come from anybody. Here the form of a record is checked; whether its cells are numbers is looked at where the
tables that are made of them are read.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from forgetbench.errors import CorruptRunError
from forgetbench.record.json_record import read_record
from forgetbench.record.rows.training import GradientRow, MemoryRow, TimeRow

_ROWS = {"gradients": GradientRow, "memory": MemoryRow, "times": TimeRow}


def read_epoch(path: Path) -> dict[str, Any]:
    """Read the record of an epoch.

    Raises:
        CorruptRunError: it is missing, unreadable, or has another form.
    """
    record = read_record(path)
    for name, kind in _ROWS.items():
        columns = {field.name for field in fields(kind)}
        needed = {field.name for field in fields(kind) if field.default is MISSING}
        rows = record.get(name)
        if not isinstance(rows, list) or not all(isinstance(row, dict) and needed <= row.keys() for row in rows):
            raise _of_another_form(path, f"rows of {', '.join(sorted(columns))} as '{name}'")
        record[name] = [row if row.keys() <= columns else _cut(row, columns) for row in rows]
    losses = record.get("losses")
    if not isinstance(losses, dict) or not all(isinstance(parts, dict) for parts in losses.values()):
        raise _of_another_form(path, "parts of the loss by arm as 'losses'")
    return record


def _cut(row: dict[str, Any], columns: set[str]) -> dict[str, Any]:
    """Return a row without what another version added to it."""
    return {name: cell for name, cell in row.items() if name in columns}


def read_endings(path: Path) -> dict[str, dict[str, Any]]:
    """Read how the training of each arm ended.

    Raises:
        CorruptRunError: it is missing, unreadable, or has another form.
    """
    endings = read_record(path)
    if not all(isinstance(ending, dict) and isinstance(ending.get("epochs"), int) for ending in endings.values()):
        raise _of_another_form(path, "epochs, and why it ended, by arm")
    return endings


def _of_another_form(path: Path, expected: str) -> CorruptRunError:
    fix = "Remove the folder that it lies in to train this again."
    return CorruptRunError("not a record of training", where=path, expected=expected, fix=fix)
