"""What several tests start from, made once, whatever process they run in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of a test session have in common."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Path]) -> Path:
    """Return what `make` leaves in a folder that is given to it: the first process to ask makes it, others wait.

    It is for reading only; who changes it takes a copy.
    """
    place = shared_folder(factory) / "shared" / name
    place.parent.mkdir(exist_ok=True)
    note = place.with_suffix(".made")
    with FileLock(place.with_suffix(".lock")):
        if not note.is_file():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            note.write_text(str(make(place)), encoding="utf-8")
    return Path(note.read_text(encoding="utf-8"))
