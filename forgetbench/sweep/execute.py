"""Running a suite from its file to its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from shutil import rmtree
from typing import Any

import torch

from forgetbench.cache_use import using_cache
from forgetbench.data.annotations import save_annotations
from forgetbench.derive.catalogue import table
from forgetbench.device import keep_freed_memory, pick_device, repeat_exactly, use_all_cores
from forgetbench.plan.description import manifest_of, with_outcomes
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.plan.slowness import warn_before_run
from forgetbench.progress import Progress, Silent, warnings_to
from forgetbench.record.amend import amend, begun, forget
from forgetbench.record.folder import RunFolder
from forgetbench.report.write import write_report
from forgetbench.room import require_room
from forgetbench.suite.load import LoadedSuite
from forgetbench.sweep.amendments import add_words, words_due
from forgetbench.sweep.cam import add_cams, cams_due
from forgetbench.sweep.disk_need import disk_need_left
from forgetbench.sweep.environment import environment_of
from forgetbench.sweep.executor import Executor, LocalExecutor, Site
from forgetbench.sweep.finished import MOST_NAMED, holds_or_goes_on
from forgetbench.sweep.jobs import ScoredRows, concluding_jobs, measuring_jobs, write_scores


def run_suite(
    suite: str | Path | Mapping[str, Any] | LoadedSuite,
    *,
    overrides: Sequence[str] = (),
    output: str | Path = "runs",
    device: str | None = None,
    progress: Progress | None = None,
) -> RunFolder:
    """Train, score and chart a suite; go on where an earlier call with the same suite ended.

    Args:
        suite: A suite file or the name of one, its content as a mapping, or a loaded suite.
        overrides: Changes such as `train.epochs=2`; a loaded suite has them already.
        output: Folder that run folders are made in.
        device: Where to compute, e.g. `cuda:0`; default: the first CUDA device, else the CPU.
        progress: Told what is going on.

    Returns:
        The finished run's folder; `.results()` gives the scores.

    Raises:
        InputError: something in the suite, data or weights is wrong; nothing was written.
        RunError: the run could not go on.
    """
    use_all_cores()
    keep_freed_memory()
    progress = progress or Silent()
    loaded = read_suite(suite, overrides)
    where = pick_device(device)
    with using_cache():
        return run_plan(make_plan(loaded, device=where, progress=progress), Path(output), where, progress)


def folder_of(plan: Plan, output: Path) -> RunFolder:
    """Return the folder of a plan's run."""
    return RunFolder(output / plan.suite.name / plan.run_id())


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
        executor: Who does the jobs; default: this process.

    Raises:
        InputError: the run's folder cannot be written.
        RunError: there is not enough room for the run, or it could not go on.
    """
    repeat_exactly(device)
    folder, executor = folder_of(plan, output), executor or LocalExecutor()
    with suppress(OSError):  # what is wrong with the folder is said when it is made
        if not folder.complete:
            require_room(folder.path, disk_need_left(plan, folder), "this run at most, as estimated")
    with folder.lock(), using_cache():  # planning may have made the cache
        if folder.complete and holds_or_goes_on(folder, progress):
            _complete(plan, folder, device, progress)
        else:
            warn_before_run(device, progress, new_run=free_threads and not folder.begun)
            _run(plan, folder, device, progress, executor)
    return folder


def _complete(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress) -> None:
    """Add to a finished run what decides none of its numbers and may have been asked for since."""
    interrupted = begun(folder)
    addition = interrupted[0] if interrupted else None
    words = addition == "claims" or words_due(plan, folder)
    cams = addition == "maps" or cams_due(plan, folder)
    if addition is not None:
        progress.message("what was being added to the run when it was interrupted is added again")
    if words:
        progress.message("the suite's claims, kept classes or description changed: judging and describing anew")
        add_words(plan, folder, progress, again=addition == "claims")
    if cams:
        add_cams(plan, folder, device, progress)
    if addition == "report" and not words and not cams:
        amend(folder, "report", lambda: write_report(folder.path, warn=warnings_to(progress)))
    elif not words and not cams:
        progress.message(f"already complete: {folder.path}")


def _run(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress, executor: Executor) -> None:
    journal = folder.journal
    journal.warn = warnings_to(progress)
    journal.begin()
    forget(folder)
    rmtree(folder.unfinished_detections(), ignore_errors=True)  # of a pass that a kill ended after its last file
    manifest = manifest_of(plan, environment_of(folder, device, progress))
    folder.write_manifest(manifest)
    _write_oddities(plan, folder)
    for dataset in (plan.target.evaluate, *plan.reference.values()):
        path = folder.annotations(dataset.fingerprint())
        if not journal.holds(path):
            save_annotations(path, dataset)
            journal.add(path)
    for role, report in plan.reports.items():
        if report.found:
            counts = ", ".join(f"{count} x {kind}" for kind, count in report.counts().items())
            progress.message(f"{role} data: {counts}; each is named in {folder.path / 'oddities.csv'}", "warning")
    site = Site(plan, folder, device, progress)
    done = executor.run(measuring_jobs(plan), site)
    folder.write_manifest(with_outcomes(manifest, plan, folder))
    write_scores([given for given in done.values() if isinstance(given, ScoredRows)], site)
    executor.run(concluding_jobs(), site)
    foreign = journal.seal()
    if foreign:
        progress.message(f"not part of the run, and not sealed: {', '.join(foreign[:MOST_NAMED])}", "warning")


def _write_oddities(plan: Plan, folder: RunFolder) -> None:
    """Write everything that was odd in the data, by role, kind and file."""
    rows = [{"role": role, **asdict(oddity)} for role, report in plan.reports.items() for oddity in report.found]
    table("oddities.csv").write(folder, rows)
