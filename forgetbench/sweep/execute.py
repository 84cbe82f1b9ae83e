"""Running a suite from its file to its report."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from forgetbench.cache_use import using_cache
from forgetbench.device import keep_freed_memory, pick_device, repeat_exactly, see_one_gpu, use_all_cores
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.plan.slowness import warn_before_run
from forgetbench.progress import Progress, Silent
from forgetbench.record.folder import RunFolder
from forgetbench.suite.load import LoadedSuite
from forgetbench.sweep.executor import Executor, Site
from forgetbench.sweep.executors.choice import Division
from forgetbench.sweep.shards import run_shard
from forgetbench.sweep.shares import parse_shard
from forgetbench.sweep.stages import finish, prepare
from forgetbench.sweep.standing import folder_of, is_complete, require_room_for_run

#: One process does all.
ALONE = Division()


def run_suite(
    suite: str | Path | Mapping[str, Any] | LoadedSuite,
    *,
    overrides: Sequence[str] = (),
    output: str | Path = "runs",
    device: str | None = None,
    progress: Progress | None = None,
    division: Division = ALONE,
) -> RunFolder:
    """Train, score and chart a suite; go on where an earlier call with the same suite ended.

    Args:
        suite: A suite file or the name of one, its content as a mapping, or a loaded suite.
        overrides: Changes such as `train.epochs=2`; a loaded suite has them already.
        output: Folder that run folders are made in.
        device: Where to compute, e.g. `cuda:0`; default: the first CUDA device, else the CPU.
        progress: Told what is going on.
        division: How jobs are divided among processes.

    Returns:
        The run's folder; `.results()` gives the scores. It is finished unless other shards have something left to do.

    Raises:
        InputError: something in the suite, data or weights is wrong; nothing was written.
        RunError: the run could not go on.
    """
    executor = division.executor_chosen()
    share = None if division.shard is None else parse_shard(division.shard, os.environ)
    use_all_cores(division.jobs, division.job_cpus)
    see_one_gpu(os.environ)
    keep_freed_memory()
    progress = progress or Silent()
    loaded = read_suite(suite, overrides)
    where = pick_device(device)
    with using_cache():
        plan = make_plan(loaded, device=where, progress=progress)
        if share is not None:
            return run_shard(plan, Path(output), where, progress, share)
        return run_plan(plan, Path(output), where, progress, executor=executor)


def run_plan(
    plan: Plan,
    output: Path,
    device: torch.device,
    progress: Progress,
    *,
    free_threads: bool = True,
    executor: Executor | None = None,
) -> RunFolder:
    """Train, score and chart a plan; go on where an earlier call with the same plan ended.

    Args:
        plan: What to do.
        output: Folder that run folders are made in.
        device: Where to compute.
        progress: Told what is going on.
        free_threads: Whether the user may choose the number of threads; not where another run decides it.
        executor: Engages other processes to do jobs; default: this process does all.

    Raises:
        InputError: the run's folder cannot be written.
        RunError: there is not enough room for the run, or it could not go on.
    """
    repeat_exactly(device)
    folder = folder_of(plan, output)
    require_room_for_run(plan, folder)
    with folder.lock(), using_cache():  # planning may have made the cache
        if not is_complete(plan, folder, device, progress):
            warn_before_run(device, progress, new_run=free_threads and not folder.begun)
            manifest = prepare(plan, folder, device, progress)
            finish(manifest, Site(plan, folder, device, progress), executor)
    return folder
