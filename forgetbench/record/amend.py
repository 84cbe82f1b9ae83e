"""Adding to a finished run: claims, classes to keep, a description, activation maps, charts drawn anew.

An addition is a transaction. What is added is noted first, then the files are written in their places, then the seal,
and last the note is removed. A kill in between leaves the note, by which the same command does all of it again; until
then `verify` and `pack` refuse the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from forgetbench.errors import InputError, RunError
from forgetbench.files import write_json
from forgetbench.record.folder import RunFolder
from forgetbench.record.journal import remove_half_written
from forgetbench.record.json_record import read_record
from forgetbench.record.manifest import Manifest

#: The note on an addition that is being made.
NOTE = "amending.json"
Addition = Literal["claims", "maps", "report"]
_CALLED: dict[Addition, str] = {
    "claims": "claims, classes to keep or a description",
    "maps": "activation maps",
    "report": "charts and a summary",
}


def amend(
    folder: RunFolder,
    addition: Addition,
    make: Callable[[], Iterable[Path]],
    manifest: Manifest | None = None,
) -> list[Path]:
    """Add to a finished run, and seal it with what is new; other files keep the hashes they had.

    Args:
        folder: The run.
        addition: What is added.
        make: Writes the files in their places; returns those that the journal does not know yet.
        manifest: What the manifest becomes; None leaves it. `make` finds it changed.

    Returns:
        What `make` returned.
    """
    journal = folder.journal  # a seal that is none is refused before anything is noted
    remove_half_written(folder.path)
    write_json(_note(folder), {"adds": addition, "manifest": manifest})
    if manifest is not None:
        folder.write_manifest(manifest)
    written = list(make())
    journal.add(*written)
    journal.seal_again()
    _note(folder).unlink()
    return written


def begun(folder: RunFolder) -> tuple[Addition, Manifest | None] | None:
    """Return what was being added when a command was interrupted, and what the manifest was to become.

    Raises:
        RunError: a version of forgetbench that can add other things was interrupted.
    """
    if not os.path.lexists(_note(folder)):
        return None
    note = read_record(_note(folder))
    if note.get("adds") not in _CALLED:
        raise RunError("something unknown was being added to the run", where=_note(folder), found=note.get("adds"))
    return note["adds"], note["manifest"]


def forget(folder: RunFolder) -> None:
    """Drop the note: the run is made anew as a whole, which includes what was to be added."""
    _note(folder).unlink(missing_ok=True)


def refuse_begun(folder: Path) -> None:
    """Refuse a run to which something was being added.

    Raises:
        InputError: an addition was interrupted.
    """
    found = begun(RunFolder(folder))
    if found is not None:
        raise InputError(
            f"{_CALLED[found[0]]} were being added to this run, and that was interrupted",
            where=folder,
            fix="Run the same command again, `forgetbench run` or `forgetbench report`: it does the rest.",
        )


def is_amended(name: str) -> bool:
    """Tell whether an addition may write a file: charts, and whatever lies in the run's folder itself."""
    return "/" not in name or name.startswith("figures/")


def _note(folder: RunFolder) -> Path:
    return folder.path / NOTE
