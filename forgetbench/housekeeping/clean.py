"""Freeing what can be made again without training: what kills left, and of the cache what it can do without."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from forgetbench.errors import CorruptRunError, ForgetbenchError, InputError
from forgetbench.housekeeping.cache import clean_cache, is_half_written
from forgetbench.housekeeping.contents import Entry, entries_in
from forgetbench.housekeeping.freed import Cleaning
from forgetbench.housekeeping.runs import find_runs, status_of
from forgetbench.housekeeping.temporary import clean_temporary
from forgetbench.record.amend import NOTE
from forgetbench.record.job_files import refuse_held_jobs
from forgetbench.record.journal import NEXT
from forgetbench.record.lock import holding
from forgetbench.record.seal import SEAL, read_seal

RUNS = Path("runs")
_STATE = re.compile(r"sessions/[^/]+/state-\d+\.pt")
_UNFINISHED = re.compile(r"(detections|jobs/[^/]+)/unfinished/.*")


def clean(runs: Sequence[str | Path] | None = None, *, yes: bool = False) -> Cleaning:
    """Say what can be freed, and free it if wanted.

    A run that is held, damaged or of another format is left alone. Of any other only what no command would use is
    removed: an unfinished one goes on as before, and a finished one verifies.

    Args:
        runs: Runs, or folders of runs; None stands for those in `runs`, for the cache and for temporary folders.
        yes: Whether it is freed.

    Raises:
        InputError: a folder is not there, or has no run in it.
    """
    named = ([RUNS] if RUNS.is_dir() else []) if runs is None else list(map(Path, runs))
    found = {folder: find_runs(folder) for folder in named}
    for folder in named if runs is not None else ():
        if not found[folder]:
            raise InputError("no run is there", where=folder, expected="a run, or a folder of runs")
    cleaning = Cleaning(done=yes)
    for run in dict.fromkeys(run for below in found.values() for run in below):
        _clean_run(cleaning, run)
    if runs is None:
        clean_cache(cleaning)
        clean_temporary(cleaning)
    return cleaning


def _clean_run(cleaning: Cleaning, run: Path) -> None:
    reason = _reason_to_leave(run)
    if reason is not None:
        cleaning.left.append(f"{run}: {reason}")
        return
    if not any(_free(run)):
        return
    try:
        with holding(run) if cleaning.done else nullcontext():
            refuse_held_jobs(run, patience=0)  # one may have begun since
            again = "written again by the same command"
            states = [entry for entry in _free(run) if _STATE.fullmatch(entry.name)]
            others = [entry for entry in _free(run) if not _STATE.fullmatch(entry.name)]
            cleaning.free("left by killed commands", run, others, again)
            cleaning.free("states to resume from", run, states, "not needed: the run is finished")
    except ForgetbenchError as error:
        cleaning.left.append(f"{run}: {error.problem}")


def _reason_to_leave(run: Path) -> str | None:
    """Return why a run is left alone, None if it is not."""
    status = status_of(run)
    if status.state == "running":
        return "another process is working on this run"
    if status.state in ("damaged", "other version"):
        return f"{status.state}, {status.detail}"
    if (run / NOTE).exists():
        return "something was being added to it; let the same command do the rest first"
    return None


def _free(run: Path) -> Iterator[Entry]:
    """Yield what nothing needs: half-written files, detections of a pass that was killed, states of a finished run."""
    entries = list(entries_in(run))
    finished = any(entry.name == SEAL for entry in entries)
    try:
        sealed = read_seal(run) if finished else {}
    except CorruptRunError:
        return
    for entry in entries:
        name = entry.name
        # what follows a file may be what the journal of an unfinished run goes by
        scratch = is_half_written(name) and (finished or not name.endswith(NEXT))
        state = finished and _STATE.fullmatch(name) is not None
        if (scratch or state or _UNFINISHED.fullmatch(name)) and name not in sealed:
            yield entry
