"""Who does the jobs of a run: this process, one after the other, and before it others that each do some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from forgetbench.cache_use import using_cache
from forgetbench.device import keep_freed_memory, repeat_exactly
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress, warnings_to
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import PATIENCE, doing, mark_done
from forgetbench.room import require_room
from forgetbench.sweep.environment import join_environment


@dataclass(frozen=True)
class Site:
    """Where a job is done.

    Attributes:
        plan: What the run does.
        folder: Where what comes of it goes; the journal there knows what is finished.
        device: Where to compute.
        progress: Told what is going on.
        beside: How many such jobs share the machine's memory, this one included.
    """

    plan: Plan
    folder: RunFolder
    device: torch.device
    progress: Progress
    beside: int = 1


class Job(Protocol):
    """A piece of a run. It is plain data that can be sent elsewhere; what it leaves in the folder is used again."""

    @property
    def name(self) -> str:
        """What it is called, unique in a run."""

    @property
    def after(self) -> Sequence[str]:
        """The jobs that have to be done before it."""

    def do(self, site: Site) -> Any:
        """Do what is not done yet; return what later jobs need to know."""


class SeparateJob(Job, Protocol):
    """A job that another process can do, beside others of the same run."""

    @property
    def place(self) -> str:
        """The plain name of its folder in the run's, see `record/job_files.py`."""

    @property
    def reads(self) -> Sequence[str]:
        """The places of the jobs whose files it reads."""


class Executor(Protocol):
    """Has separate jobs done in other processes; then this one does all jobs, and finds these finished."""

    def run(self, jobs: Sequence[SeparateJob], site: Site) -> None:
        """Have each job done by `do_apart`, after those that it names.

        Raises:
            ForgetbenchError: one could not be done; those that do not rest on it have been.
        """


def do_apart(
    job: SeparateJob,
    plan: Plan,
    run: Path,
    device: torch.device,
    progress: Progress,
    *,
    beside: int = 1,
    patience: float = PATIENCE,
    told: Callable[[list[str], bool], None] | None = None,
) -> None:
    """Do a job of a run whose folder another process holds, or nobody; what is finished of it is not done again.

    Args:
        job: The job.
        plan: What the run does.
        run: The run folder; its manifest is there.
        device: Where to compute.
        progress: Told what is going on.
        beside: How many jobs share the machine's memory.
        patience: Seconds to wait for another process that does this job, such as one that is about to end.
        told: Told the names of files once they are finished, and whether they were taken out of the run instead.

    Raises:
        RunLockedError: another process does this job.
        RunError: it could not be done.
    """
    if RunFolder(run).complete:  # as for a job that outlived whoever asked for it
        return
    keep_freed_memory()
    repeat_exactly(device)
    with using_cache(), doing(run, job.place, patience):
        folder = RunFolder(run, job=job.place)
        folder.journal.warn = warnings_to(progress)
        folder.journal.begin_job()
        folder.journal.told = told or folder.journal.told
        differences = join_environment(folder, device, progress)
        require_room(run, 0, f"what comes next ({job.name})")
        job.do(Site(plan, folder, device, progress, beside))
        mark_done(run, job.place, differences)


def do_in_turn(jobs: Sequence[Job], site: Site) -> dict[str, Any]:
    """Do jobs in this process, in the order given; return what they gave by their names."""
    done: dict[str, Any] = {}
    for job in jobs:
        missing = [name for name in job.after if name not in done]
        if missing:
            raise ValueError(f"{job.name} comes before {', '.join(missing)}")
        require_room(site.folder.path, 0, f"what comes next ({job.name})")
        done[job.name] = job.do(site)
    return done
