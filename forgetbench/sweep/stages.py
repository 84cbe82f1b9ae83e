"""The stages of a run: what is written before anything is trained, and all that is done before it is sealed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

import torch

from forgetbench.data.annotations import save_annotations
from forgetbench.derive.catalogue import table
from forgetbench.files import remove_folder
from forgetbench.plan.description import manifest_of, with_outcomes
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress, warnings_to
from forgetbench.record.amend import forget
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import done_elsewhere
from forgetbench.record.manifest import EnvironmentRecord, Manifest
from forgetbench.sweep.environment import DONE_WITH, environment_of, joined_environment
from forgetbench.sweep.executor import Executor, SeparateJob, Site, do_in_turn
from forgetbench.sweep.finished import MOST_NAMED
from forgetbench.sweep.jobs import ScoredRows, concluding_jobs, measuring_jobs, separate_jobs, write_scores


def prepare(
    plan: Plan, folder: RunFolder, device: torch.device, progress: Progress, *, joins: bool = False
) -> Manifest:
    """Make ready to begin a run or to go on with it; whoever does so holds the folder, and others may do jobs of it.

    Args:
        plan, folder: The run.
        device: Where to compute.
        progress: Told what is going on.
        joins: Whether others work on the run as well, so that the environment it began in stays that of the manifest.
    """
    journal = folder.journal
    journal.warn = warnings_to(progress)
    journal.begin()
    forget(folder)
    remove_folder(folder.unfinished_detections())  # of a pass that a kill ended after its last file
    environment = joined_environment if joins else environment_of
    manifest = manifest_of(plan, environment(folder, device, progress))
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
    return manifest


def finish(manifest: Manifest, site: Site, executor: Executor | None) -> None:
    """Do all that is not done yet, this process alone or after others that an executor engages, and seal the run."""
    plan, folder = site.plan, site.folder
    if executor is not None:
        jobs: list[SeparateJob] = [job for session in separate_jobs(plan) for job in session]
        executor.run(jobs, site)
        folder.journal.take_over_jobs()
    done = do_in_turn(measuring_jobs(plan), site)
    folder.write_manifest(with_outcomes(_with_elsewhere(manifest, folder), plan, folder))
    write_scores([given for given in done.values() if isinstance(given, ScoredRows)], site)
    do_in_turn(concluding_jobs(), site)
    foreign = folder.journal.seal()
    if foreign:
        site.progress.message(f"not part of the run, and not sealed: {', '.join(foreign[:MOST_NAMED])}", "warning")


def _with_elsewhere(manifest: Manifest, folder: RunFolder) -> Manifest:
    """Return the manifest with what was otherwise where jobs were done."""
    elsewhere = done_elsewhere(folder.path)
    if not elsewhere:
        return manifest
    environment: dict[str, Any] = {**manifest["environment"], DONE_WITH: elsewhere}
    return {**manifest, "environment": cast(EnvironmentRecord, environment)}


def _write_oddities(plan: Plan, folder: RunFolder) -> None:
    """Write everything that was odd in the data, by role, kind and file."""
    rows = [{"role": role, **asdict(oddity)} for role, report in plan.reports.items() for oddity in report.found]
    table("oddities.csv").write(folder, rows)
