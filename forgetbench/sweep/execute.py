"""Running a suite from its file to its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from shutil import rmtree
from typing import Any

import torch

from forgetbench.data.annotations import save_annotations
from forgetbench.data.dataset import Oddity
from forgetbench.derive.evidence import write_evidence
from forgetbench.derive.forgotten import write_forgotten
from forgetbench.derive.measured import write_tables
from forgetbench.device import free_memory, keep_freed_memory, pick_device, use_all_cores
from forgetbench.plan.description import manifest_of, with_outcomes
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.plan.slowness import warn_before_run
from forgetbench.progress import Progress, Silent, warnings_to
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.result_rows import ClassRow, ResultRow
from forgetbench.report.write import write_report
from forgetbench.suite.load import LoadedSuite
from forgetbench.sweep.cam import add_cams, cams_due, write_cams
from forgetbench.sweep.claims import add_claims, claims_due
from forgetbench.sweep.drift import write_drift
from forgetbench.sweep.environment import environment_of
from forgetbench.sweep.finished import MOST_NAMED, holds_or_goes_on
from forgetbench.sweep.scoring import Scorable, Scorer
from forgetbench.sweep.training import scored_epochs, train_arms

#: One pass evaluates as many checkpoints as their modules fit into this share of free memory; more make another pass.
MODULE_SHARE = 0.25


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
    return run_plan(make_plan(loaded, device=where, progress=progress), Path(output), where, progress)


def folder_of(plan: Plan, output: Path) -> RunFolder:
    """Return the folder of a plan's run."""
    return RunFolder(output / plan.suite.name / plan.run_id())


def run_plan(
    plan: Plan, output: Path, device: torch.device, progress: Progress, *, free_threads: bool = True
) -> RunFolder:
    """Train, score and chart a plan; go on where an earlier call with the same plan ended.

    Args:
        plan: What to do.
        output: Folder that run folders are made in.
        device: Where to compute.
        progress: Told what is going on.
        free_threads: Whether the user may choose the number of threads; not where another run decides it.

    Raises:
        InputError: the run's folder cannot be written.
        RunError: the run could not go on.
    """
    folder = folder_of(plan, output)
    with folder.lock():
        if folder.complete and holds_or_goes_on(folder, progress):
            _complete(plan, folder, device, progress)
        else:
            warn_before_run(device, progress, new_run=free_threads and not folder.begun)
            _run(plan, folder, device, progress)
    return folder


def _complete(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress) -> None:
    """Add to a finished run what decides none of its numbers and may have been asked for since."""
    claims, cams = claims_due(plan, folder), cams_due(plan, folder)
    if claims:
        progress.message("the suite's claims or description changed: judging and describing anew")
        add_claims(plan, folder, progress)
    if cams:
        add_cams(plan, folder, device, progress)
    if not claims and not cams:
        progress.message(f"already complete: {folder.path}")


def _run(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress) -> None:
    journal = folder.journal
    journal.warn = warnings_to(progress)
    journal.begin()
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
    results: list[ResultRow] = []
    classes: list[ClassRow] = []
    for model in plan.originals:
        scorer = Scorer(plan, model, folder, device, progress)
        arms = [arm for arm in plan.arms if arm.model == model]
        for _, group in groupby(arms, key=lambda arm: arm.seed):
            train_arms(plan, list(group), folder, device, progress, scorer.target_ap)
        pending = scorer.original_items()
        budget = MODULE_SHARE * free_memory(device)
        for arm in arms:
            for epoch in scored_epochs(plan, folder, arm):
                pending += scorer.checkpoint_items(arm, epoch)
                if scorer.module_bytes > budget:
                    _score(scorer, pending, results, classes)
                    pending = []
        _score(scorer, pending, results, classes)
    manifest = with_outcomes(manifest, plan, folder)
    folder.write_manifest(manifest)
    write_tables(folder, manifest["arms"], results, classes)
    write_evidence(folder, progress)
    write_forgotten(folder, progress)
    if plan.suite.evaluation.drift:
        write_drift(plan, folder, device, progress, MODULE_SHARE * free_memory(device))
    write_cams(plan, folder, device, progress)
    progress.message("drawing")
    journal.add(*write_report(folder.path, warn=warnings_to(progress)))
    foreign = journal.seal()
    if foreign:
        progress.message(f"not part of the run, and not sealed: {', '.join(foreign[:MOST_NAMED])}", "warning")


def _write_oddities(plan: Plan, folder: RunFolder) -> None:
    """Write everything that was odd in the data, by role, kind and file."""
    rows = [{"role": role, **asdict(oddity)} for role, report in plan.reports.items() for oddity in report.found]
    folder.write_table("oddities.csv", ["role", *columns_of(Oddity)], rows)


def _score(scorer: Scorer, items: list[Scorable], results: list[ResultRow], classes: list[ClassRow]) -> None:
    """Evaluate in one pass whatever was not evaluated before, then add the rows of all."""
    scorer.evaluate(items)
    rows, per_class = scorer.rows(items)
    results += rows
    classes += per_class
    scorer.forget_modules()
