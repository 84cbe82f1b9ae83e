"""A run done by several commands, each its share of the jobs, in a run folder that all of them reach.

A shard holds the run only while it prepares it and while it finishes it. In between it holds the job that it does, and
all along a place among the jobs, so that others see it at work between two jobs as well. So shards may start, stop and
start again in any order. The one that finds all jobs done and no other at work finishes the run.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import torch

from forgetbench.cache_use import using_cache
from forgetbench.device import repeat_exactly
from forgetbench.errors import counted
from forgetbench.plan.plan import Plan
from forgetbench.plan.slowness import warn_before_run
from forgetbench.progress import Progress, Silent
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import doing, jobs_done, jobs_held, mark_done
from forgetbench.sweep.environment import join_environment
from forgetbench.sweep.executor import Site, do_apart
from forgetbench.sweep.jobs import separate_jobs
from forgetbench.sweep.shares import Shard
from forgetbench.sweep.stages import finish, prepare
from forgetbench.sweep.standing import folder_of, is_complete, require_room_for_run

#: Seconds to wait for another shard that prepares the run, or finishes it.
PATIENCE = 60.0


def run_shard(plan: Plan, output: Path, device: torch.device, progress: Progress, shard: Shard) -> RunFolder:
    """Do a share of a run's jobs, and finish the run if no other job is left.

    Args:
        plan: What the run does.
        output: Folder that run folders are made in; all shards reach it under whatever name.
        device: Where to compute.
        progress: Told what is going on.
        shard: Which share.

    Returns:
        The run's folder; it may not be complete yet.

    Raises:
        InputError: the run's folder cannot be written.
        RunLockedError: another process is working on the whole run, or on a job of this share.
        RunError: a job could not be done.
    """
    repeat_exactly(device)
    folder, sessions = folder_of(plan, output), separate_jobs(plan)
    mine = sessions[shard.number - 1 :: shard.count]
    require_room_for_run(plan, folder)
    with ExitStack() as at_work:
        with folder.lock(beside_jobs=True, patience=PATIENCE), using_cache():
            if is_complete(plan, folder, device, progress):
                return folder
            prepare(plan, folder, device, progress, joins=True)
            at_work.enter_context(doing(folder.path, shard.place))
        warn_before_run(device, progress, new_run=False)
        progress.message(f"shard {shard}: {counted(len(mine), 'session', 'sessions')} of {len(sessions)}")
        for session in mine:
            for job in session:
                do_apart(job, plan, folder.path, device, progress)
        _finish_if_last(plan, folder_of(plan, output), device, progress, shard, at_work)
    return folder_of(plan, output)


def _finish_if_last(
    plan: Plan, folder: RunFolder, device: torch.device, progress: Progress, shard: Shard, at_work: ExitStack
) -> None:
    """Finish the run if no job is left and nobody else is at work."""
    places = {job.place for session in separate_jobs(plan) for job in session}
    with folder.lock(beside_jobs=True, patience=PATIENCE), using_cache():
        at_work.close()  # while the run is held: of two that end at once, the second sees that it is the last
        left, others = places - jobs_done(folder.path), jobs_held(folder.path)
        if folder.complete:
            progress.message(f"another shard has finished the run: {folder.path}")
        elif left:
            progress.message(
                f"shard {shard} is done; {counted(len(left), 'job is', 'jobs are')} left to other shards: "
                f"{', '.join(sorted(left)[:3])}{', …' if len(left) > 3 else ''}"
            )
        elif others:
            progress.message(f"shard {shard} is done; another process is still at work and is to finish: {others[0]}")
        else:
            progress.message(f"shard {shard} was the last, and finishes the run")
            manifest = prepare(plan, folder, device, progress, joins=True)
            mark_done(folder.path, "finish", join_environment(folder, device, Silent()))
            finish(manifest, Site(plan, folder, device, progress), None)
