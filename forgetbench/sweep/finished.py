"""Finished runs: whether one still is what it was, and going on where it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from forgetbench.derive.catalogue import TABLES
from forgetbench.errors import CorruptRunError, counted
from forgetbench.progress import Progress
from forgetbench.record.amend import begun, is_amended
from forgetbench.record.folder import RunFolder
from forgetbench.record.journal import problem_with
from forgetbench.record.seal import JOURNAL, SEAL, files_in, read_seal

#: So many files that are not what they were are named.
MOST_NAMED = 5


def holds_or_goes_on(folder: RunFolder, progress: Progress) -> bool:
    """Tell whether a finished run is what it was; one that is not becomes one that goes on from what still holds."""
    progress.message("checking the run's files", "detail")
    # what an interrupted addition has not written yet is no fault: all of it is written again
    problems = broken(folder.path, without=is_amended if begun(folder) else None)
    for problem in problems[:MOST_NAMED]:
        progress.message(f"the finished run is not what it was: {problem}", "warning")
    if len(problems) > MOST_NAMED:
        progress.message(f"… and {counted(len(problems) - MOST_NAMED, 'more file', 'more files')}", "warning")
    if problems:
        progress.message("what is missing or changed is made again")
        reopen(folder.path)
    return not problems


def broken(folder: Path, without: Callable[[str], bool] | None = None) -> list[str]:
    """Return what is wrong with a finished run: files missing, or not what its seal says, or the seal itself.

    Args:
        folder: The run.
        without: Tells by their names which files may be otherwise.
    """
    try:
        hashes = read_seal(folder)
    except CorruptRunError as error:
        return [str(error)]
    found = {name: problem_with(folder, name, digest) for name, digest in hashes.items()}
    tables = {table.name for table in TABLES}
    needed = {"manifest.json", "summary.md", *(table.name for table in TABLES if table.always)}
    # what else may lie beside them is a user's, and no part of the run
    ours = (name for name in files_in(folder) if "/" in name or name in tables)
    found |= dict.fromkeys({*needed, *ours} - hashes.keys(), f"{SEAL} does not name it")
    wrong = {name: problem for name, problem in found.items() if problem is not None}
    return sorted(f"{name}: {problem}" for name, problem in wrong.items() if without is None or not without(name))


def reopen(folder: Path) -> None:
    """Make a finished run one that goes on: what is as its seal says is used again, and the rest is made again."""
    (folder / SEAL).replace(folder / JOURNAL)
