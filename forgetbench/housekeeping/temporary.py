"""Temporary folders that killed commands left behind."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from forgetbench.housekeeping.contents import entries_in, folders_in
from forgetbench.housekeeping.freed import Cleaning
from forgetbench.scratch import MARK, looking_at


def clean_temporary(cleaning: Cleaning) -> None:
    """Free this user's temporary folders, but for those that a living process uses."""
    place: Path | None = None
    with suppress(OSError):  # there is none that can be written
        place = Path(tempfile.gettempdir())
    for folder in folders_in(place) if place is not None else ():
        with looking_at(folder) as use:
            if use == "in use":
                cleaning.left.append(f"{folder}: a command is using it")
            if use != "left":
                continue
            # the mark goes last: what a killed cleaning leaves is still known
            entries = sorted(entries_in(folder), key=lambda entry: (entry.name == MARK, entry.name))
            cleaning.free("temporary files of killed commands", folder, entries, "made again by the same command")
            if cleaning.done:
                shutil.rmtree(folder, ignore_errors=True)
