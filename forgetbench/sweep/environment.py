"""The environment of a run: the same from its first batch to its last table, or every change is reported."""

from __future__ import annotations

from typing import Any

import torch

from forgetbench.errors import InputError, counted
from forgetbench.progress import Progress
from forgetbench.proof.run_comparison import EnvironmentDifference, environment_differences
from forgetbench.record.folder import RunFolder
from forgetbench.sweep.provenance import environment

#: Where a manifest keeps what was otherwise when the run began.
BEGAN_WITH = "began_with"
#: Where it keeps what was otherwise where jobs were done, by job.
DONE_WITH = "done_with"
#: Of threads. A run may come from anybody, and a system that cannot begin as many as it says ends the process.
_MOST_THREADS = 1024


def environment_of(folder: RunFolder, device: torch.device, progress: Progress) -> dict[str, Any]:
    """Return the environment of a run; a resumed run keeps its number of threads.

    What else differs from what the run began in, and may change last bits, is told and kept.

    Raises:
        CorruptRunError: its manifest is none.
        InputError: it began with more threads than any machine has.
    """
    if not folder.journal.holds(folder.path / "manifest.json"):
        return environment(device)
    before = _begun_in(folder)
    _use_its_threads(before["threads"], progress)
    here = environment(device)
    began = dict(before.get(BEGAN_WITH, {}))
    for difference in _deciding(before, here, progress):
        began.setdefault(difference.name, difference.before)
    return here | {BEGAN_WITH: began} if began else here


def join_environment(folder: RunFolder, device: torch.device, progress: Progress) -> dict[str, Any]:
    """Take up a job of a run that another process began, with its number of threads.

    Returns:
        What else is otherwise here and may change last bits: the values here, by name.

    Raises:
        CorruptRunError: nobody began the run.
        InputError: it began with more threads than any machine has.
    """
    before = _begun_in(folder)
    _use_its_threads(before["threads"], progress)
    return {difference.name: difference.here for difference in _deciding(before, environment(device), progress)}


def joined_environment(folder: RunFolder, device: torch.device, progress: Progress) -> dict[str, Any]:
    """Return the environment that a run began in, this one if nobody began it; it goes on with its number of threads.

    What else differs here is kept with the jobs that are done here.
    """
    if not folder.journal.holds(folder.path / "manifest.json"):
        return environment(device)
    join_environment(folder, device, progress)
    return _begun_in(folder)


def _begun_in(folder: RunFolder) -> dict[str, Any]:
    return dict(folder.read_manifest()["environment"])


def _use_its_threads(threads: int, progress: Progress) -> None:
    if threads > _MOST_THREADS:
        raise InputError(
            f"this run began with {threads:,} threads",
            expected=f"at most {_MOST_THREADS:,}: more may end the process",
            fix="Go on where it began, or run the suite anew with another --output.",
        )
    if threads != torch.get_num_threads():
        progress.message(
            f"this run began with {counted(threads, 'thread', 'threads')}, so it goes on with as many instead of "
            f"{torch.get_num_threads()}: another number orders sums otherwise",
            "warning",
        )
        torch.set_num_threads(threads)


def _deciding(before: dict[str, Any], here: dict[str, Any], progress: Progress) -> list[EnvironmentDifference]:
    """Return what differs and may change last bits, and tell it."""
    found = [
        difference
        for difference in environment_differences(before, here)
        if difference.decides and difference.name not in (BEGAN_WITH, DONE_WITH)
    ]
    for difference in found:
        progress.message(f"this run did not begin in the same environment: {difference}", "warning")
    return found
