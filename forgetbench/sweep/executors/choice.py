"""How the jobs of a run are divided among processes, as a command asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from forgetbench.errors import InputError
from forgetbench.sweep.executor import Executor
from forgetbench.sweep.executors.processes import Processes

RAY = "ray"
#: Most jobs that one machine does at once.
MOST_JOBS = 1024


@dataclass(frozen=True)
class Division:
    """How jobs are divided; by default one process does all.

    Attributes:
        jobs: How many jobs this machine does at once.
        shard: The share of the jobs that is done here, such as `2/8`; None where no other command does a share.
        executor: `ray` for the nodes of a cluster.
        job_cpus, job_gpus: What a job asks of its node there; None for what suits the device.
        store: The object store that nodes hand files over in; None where they reach the run folder.
    """

    jobs: int = 1
    shard: str | None = None
    executor: str | None = None
    job_cpus: int | None = None
    job_gpus: float | None = None
    store: str | None = None

    def executor_chosen(self) -> Executor | None:
        """Return who does the jobs, None where this process does all that it does.

        Raises:
            InputError: there is no such executor, or what is asked for does not go together.
        """
        if self.executor not in (None, RAY):
            raise InputError("no such executor", where="--executor", expected=RAY, found=self.executor)
        if not 1 <= self.jobs <= MOST_JOBS:
            raise InputError("no such number of jobs", where="--jobs", expected=f"1 to {MOST_JOBS}", found=self.jobs)
        ways = {"--jobs": self.jobs > 1, "--shard": self.shard is not None, "--executor": self.executor is not None}
        asked = [option for option, wanted in ways.items() if wanted]
        if asked[1:]:
            raise InputError(
                "jobs are divided in one way at a time", expected="one of these options", found=" and ".join(asked)
            )
        if self.executor is None and (self.job_cpus, self.job_gpus, self.store) != (None, None, None):
            options = "--job-cpus, --job-gpus, --store"
            raise InputError("no cluster is asked", where=options, expected="--executor ray as well")
        if self.executor == RAY:
            from forgetbench.sweep.executors.on_ray import RayCluster  # Ray, which not everybody has

            return RayCluster(self.job_cpus, self.job_gpus, self.store)
        return Processes(self.jobs) if self.jobs > 1 else None
