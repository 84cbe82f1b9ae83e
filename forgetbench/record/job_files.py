"""Jobs of one run that several processes do at once: each has a folder in the run's, with a lock and a journal.

While a job is done, its process holds the lock and adds to this journal alone, so no two write one. What jobs have
finished is read from all journals. The process that holds the whole run takes their lines over into its own once
nobody holds a job any more; of a job only the mark that it was done stays then, until the run is sealed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from forgetbench.errors import CorruptRunError, RunLockedError, brief
from forgetbench.faults import writing
from forgetbench.files import remove_folder, write_json
from forgetbench.names import PLAIN, is_plain
from forgetbench.record.json_record import read_record
from forgetbench.record.lock import holding, is_held
from forgetbench.record.seal import JOBS, JOURNAL, LOCK, is_regular

#: What says that a job was done: it is looked for to know when the last job is done, never instead of the job's files.
MARK = "done.json"
#: Where a job gathers what it finds before that is written whole.
SCRATCH = "unfinished"
#: Seconds for processes to end that did a job for one that has been killed.
PATIENCE = 15.0
_SECONDS_BETWEEN_LOOKS = 0.2


def job_place(run: Path, job: str) -> Path:
    """Return the folder of a job.

    Raises:
        CorruptRunError: its name would lead elsewhere.
    """
    if not is_plain(job):
        raise CorruptRunError("a name that is none", where=run / JOBS, expected=PLAIN, found=brief(job))
    return run / JOBS / job


@contextmanager
def doing(run: Path, job: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a job for this process.

    Args:
        run: The run folder.
        job: The job.
        patience: Seconds to wait for a process that holds it.

    Raises:
        InputError: its folder cannot be made or written to.
        CorruptRunError: what lies in its place is no folder, or no files.
        RunLockedError: another process does it.
    """
    place = job_place(run, job)
    _refuse_irregular(run, job)
    with holding(place, patience=patience, what=f"doing this part of the run ({job})"):
        yield


def jobs_held(run: Path) -> list[str]:
    """Return the jobs of a run that a living process does."""
    return [place.name for place in _places(run) if is_held(place)]


def jobs_done(run: Path) -> set[str]:
    """Return the jobs that are marked as done."""
    return {place.name for place in _places(run) if is_regular(run, f"{JOBS}/{place.name}/{MARK}")}


def mark_done(run: Path, job: str, elsewhere: Mapping[str, Any]) -> None:
    """Mark a job as done.

    Args:
        run: The run folder.
        job: The job.
        elsewhere: What was otherwise where it was done than where the run began.
    """
    write_json(job_place(run, job) / MARK, {"elsewhere": dict(elsewhere)})


def done_elsewhere(run: Path) -> dict[str, dict[str, Any]]:
    """Return what was otherwise where jobs were done, by job; nothing of those that were done as the run began."""
    found: dict[str, dict[str, Any]] = {}
    for job in sorted(jobs_done(run)):
        with suppress(CorruptRunError):  # a mark is a hint, and whether the job's files are there is looked at anyway
            elsewhere = read_record(job_place(run, job) / MARK).get("elsewhere")
            found |= {job: elsewhere} if isinstance(elsewhere, dict) and elsewhere else {}
    return found


def job_journals(run: Path) -> list[Path]:
    """Return the journals of jobs."""
    return [place / JOURNAL for place in _places(run) if is_regular(run, f"{JOBS}/{place.name}/{JOURNAL}")]


def refuse_held_jobs(run: Path, patience: float = PATIENCE) -> None:
    """Wait until no process does a job of a run any more.

    Raises:
        RunLockedError: one still does.
    """
    until = time.monotonic() + patience
    while held := jobs_held(run):
        if time.monotonic() > until:
            raise RunLockedError(
                f"another process is doing a part of this run ({held[0]})",
                where=run,
                fix="Wait for it to end, or stop it; then run the same command again.",
            )
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def forget_jobs(run: Path) -> None:
    """Remove what jobs gathered and their journals, whose lines another journal has; marks stay. Nobody holds a job."""
    for place in _places(run):
        remove_folder(place / SCRATCH)
        journal = place / JOURNAL
        if journal.is_symlink() or not journal.is_dir():  # a folder has no lines, and is refused when the job is done
            with writing(journal):
                journal.unlink(missing_ok=True)


def remove_jobs(run: Path) -> None:
    """Remove the folders of all jobs: the run is to be sealed."""
    if (run / JOBS).is_symlink():
        (run / JOBS).unlink()
    remove_folder(run / JOBS)


def _places(run: Path) -> list[Path]:
    """Return the folders of jobs, by name; links lead elsewhere and are none."""
    if (run / JOBS).is_symlink() or not (run / JOBS).is_dir():
        return []
    return sorted(place for place in (run / JOBS).iterdir() if place.is_dir() and not place.is_symlink())


def _refuse_irregular(run: Path, job: str) -> None:
    """Refuse to do a job where links would lead it elsewhere."""
    for folder in (run / JOBS, run / JOBS / job):
        if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
            raise CorruptRunError("not a folder", where=folder, fix="Remove it, then run again.")
    for name in (LOCK, JOURNAL, MARK):
        file = run / JOBS / job / name
        if os.path.lexists(file) and not is_regular(run, f"{JOBS}/{job}/{name}"):
            raise CorruptRunError("not a regular file", where=file, fix="Remove it, then run again.")
