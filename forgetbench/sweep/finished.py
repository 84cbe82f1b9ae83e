"""Finished runs: whether their files are unchanged, and how a run whose files changed is completed again."""

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

#: Of missing and changed files so many are named.
MOST_NAMED = 5


def holds_or_goes_on(folder: RunFolder, progress: Progress) -> bool:
    """Tell whether a finished run is unchanged; otherwise reopen it, to be completed from its unchanged files."""
    progress.message("checking the run's files", "detail")
    # an interrupted addition may have left its files half-written: it is repeated as a whole, so they are not checked
    problems = broken(folder.path, without=is_amended if begun(folder) else None)
    for problem in problems[:MOST_NAMED]:
        progress.message(f"a file of the finished run is missing or has changed: {problem}", "warning")
    if len(problems) > MOST_NAMED:
        progress.message(f"… and {counted(len(problems) - MOST_NAMED, 'more file', 'more files')}", "warning")
    if problems:
        progress.message("what is missing or changed is made again")
        reopen(folder.path)
    return not problems


def broken(folder: Path, without: Callable[[str], bool] | None = None) -> list[str]:
    """Return what is wrong with a finished run: missing files, files that differ from its seal, or a damaged seal.

    Args:
        folder: The run.
        without: Tells by its name whether a file is left unchecked.
    """
    try:
        hashes = read_seal(folder)
    except CorruptRunError as error:
        return [str(error)]
    found = {name: problem_with(folder, name, digest) for name, digest in hashes.items()}
    tables = {table.name for table in TABLES}
    needed = {"manifest.json", "summary.md", *(table.name for table in TABLES if table.always)}
    # other files beside them are the user's and do not belong to the run
    ours = (name for name in files_in(folder) if "/" in name or name in tables)
    found |= dict.fromkeys({*needed, *ours} - hashes.keys(), f"{SEAL} does not name it")
    wrong = {name: problem for name, problem in found.items() if problem is not None}
    return sorted(f"{name}: {problem}" for name, problem in wrong.items() if without is None or not without(name))


def reopen(folder: Path) -> None:
    """Make a finished run an unfinished one: files that agree with its seal are kept, all others are made again."""
    (folder / SEAL).replace(folder / JOURNAL)
