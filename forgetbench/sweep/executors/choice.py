"""Which executor a command asks for."""

from __future__ import annotations

from forgetbench.errors import InputError
from forgetbench.sweep.executor import Executor
from forgetbench.sweep.executors.processes import Processes

RAY = "ray"
#: Most jobs that one machine does at once.
MOST_JOBS = 1024


def choose_executor(
    name: str | None, *, jobs: int, in_shards: bool, job_cpus: int | None = None, job_gpus: float | None = None
) -> Executor | None:
    """Return who does the jobs of a run, None where this process does all.

    Args:
        name: `ray`, or None for this machine alone.
        jobs: How many jobs this machine does at once.
        in_shards: Whether this command does but a share of the jobs.
        job_cpus, job_gpus: What a job asks of a node of the cluster.

    Raises:
        InputError: there is no such executor, or what is asked for does not go together.
    """
    if name not in (None, RAY):
        raise InputError("no such executor", where="--executor", expected=RAY, found=name)
    if not 1 <= jobs <= MOST_JOBS:
        raise InputError("no such number of jobs", where="--jobs", expected=f"1 to {MOST_JOBS}", found=jobs)
    ways = [option for option, asked in (("--jobs", jobs > 1), ("--shard", in_shards), ("--executor", name)) if asked]
    if ways[1:]:
        raise InputError(
            "jobs are handed out in one way at a time", expected="one of these options", found=" and ".join(ways)
        )
    if name is None and (job_cpus, job_gpus) != (None, None):
        raise InputError(
            "there is no cluster to ask", where="--job-cpus, --job-gpus", expected="--executor ray as well"
        )
    if name == RAY:
        from forgetbench.sweep.executors.on_ray import RayCluster  # Ray, which not everybody has

        return RayCluster(job_cpus, job_gpus)
    return Processes(jobs) if jobs > 1 else None
