"""Who does the jobs of a run: this process, one after the other; other executors do the same jobs elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress
from forgetbench.record.folder import RunFolder
from forgetbench.room import require_room


@dataclass(frozen=True)
class Site:
    """Where a job is done.

    Attributes:
        plan: What the run does.
        folder: Where what comes of it goes; the journal there knows what is finished.
        device: Where to compute.
        progress: Told what is going on.
    """

    plan: Plan
    folder: RunFolder
    device: torch.device
    progress: Progress


class Job(Protocol):
    """A piece of a run. It is plain data that can be sent elsewhere; what it leaves in the folder is used again."""

    @property
    def name(self) -> str:
        """Its name, unique in a run."""

    @property
    def after(self) -> Sequence[str]:
        """The jobs that have to be done before it."""

    def do(self, site: Site) -> Any:
        """Do what is not done yet; return what later jobs need to know."""


class Executor(Protocol):
    """Gets jobs done, each after those that it names."""

    def run(self, jobs: Sequence[Job], site: Site) -> Mapping[str, Any]:
        """Do all jobs; return what they gave by their names."""


class LocalExecutor:
    """Does jobs in this process, in the order given."""

    def run(self, jobs: Sequence[Job], site: Site) -> dict[str, Any]:
        """Do all jobs; return what they gave by their names."""
        done: dict[str, Any] = {}
        for job in jobs:
            missing = [name for name in job.after if name not in done]
            if missing:
                raise ValueError(f"{job.name} comes before {', '.join(missing)}")
            require_room(site.folder.path, 0, f"what comes next ({job.name})")
            done[job.name] = job.do(site)
        return done
