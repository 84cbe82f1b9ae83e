"""Running a suite from its file to its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import torch

from forgetbench.device import pick_device, use_all_cores
from forgetbench.files import sha256_file
from forgetbench.model import yolo
from forgetbench.model.layers import trainable_parameters
from forgetbench.report.write import write_report
from forgetbench.run.folder import RunFolder, columns_of
from forgetbench.run.plan import Arm, Plan, make_plan
from forgetbench.run.progress import Progress, Silent
from forgetbench.run.provenance import environment
from forgetbench.run.scoring import ClassRow, ResultRow, Scorer
from forgetbench.run.training import outcome, read_records, scored_epochs, train_arms
from forgetbench.suite.load import LoadedSuite, load_suite, suite_from_mapping
from forgetbench.train.probes import GradientRow, MemoryRow
from forgetbench.train.session import TimeRow


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
        suite: A suite file, its content as a mapping, or a loaded suite.
        overrides: Changes such as `train.epochs=2`, for a suite file.
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
    progress = progress or Silent()
    loaded = _load(suite, overrides)
    where = pick_device(device)
    plan = make_plan(loaded, device=where, progress=progress)
    folder = RunFolder(Path(output) / loaded.suite.name / plan.run_id())
    with folder.lock():
        if folder.complete:
            progress.message(f"already complete: {folder.path}")
        else:
            _run(plan, folder, where, progress)
    return folder


def _load(suite: str | Path | Mapping[str, Any] | LoadedSuite, overrides: Sequence[str]) -> LoadedSuite:
    if isinstance(suite, LoadedSuite):
        return suite
    if isinstance(suite, Mapping):
        return LoadedSuite(suite_from_mapping(suite), Path("suite.yaml"), ())
    return load_suite(Path(suite), overrides)


def _run(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress) -> None:
    folder.write_manifest(_manifest(plan, device))
    results: list[ResultRow] = []
    classes: list[ClassRow] = []
    for model in plan.originals:
        scorer = Scorer(plan, model, folder, device, progress)

        def target_ap(arm: Arm, epoch: int, scorer: Scorer = scorer) -> float | None:
            items = scorer.checkpoint_items(arm, epoch, roles=["target"])
            scorer.evaluate(items)
            ap = scorer.score(items[0]).ap
            scorer.forget_modules()
            return ap

        arms = [arm for arm in plan.arms if arm.model == model]
        for _, group in groupby(arms, key=lambda arm: arm.seed):
            train_arms(plan, list(group), folder, device, progress, target_ap)
        items = scorer.original_items()
        for arm in arms:
            for epoch in scored_epochs(plan, folder, arm):
                items += scorer.checkpoint_items(arm, epoch)
        scorer.evaluate(items)
        with progress.task(f"scoring {model}", len(items), "row") as advance:
            for done, item in enumerate(items):
                rows, per_class = scorer.rows([item])
                results += rows
                classes += per_class
                advance(done + 1, "")
    _write_tables(plan, folder, results, classes)
    folder.write_manifest(_with_outcomes(_manifest(plan, device), plan, folder))
    progress.message("drawing")
    write_report(folder.path)
    folder.mark_complete()


def _write_tables(plan: Plan, folder: RunFolder, results: list[ResultRow], classes: list[ClassRow]) -> None:
    folder.write_table("results.csv", columns_of(ResultRow), results)
    folder.write_table("per_class.csv", columns_of(ClassRow), classes)
    sessions = dict.fromkeys((arm.model, arm.seed) for arm in plan.arms)
    records = [(key, record) for key in sessions for record in read_records(folder, *key)]
    for name, kind, part in (
        ("gradients.csv", GradientRow, "gradients"),
        ("memory.csv", MemoryRow, "memory"),
    ):
        folder.write_table(name, columns_of(kind), [row for _, record in records for row in record[part]])
    times = [{"model": m, "seed": s, **row} for (m, s), record in records for row in record["times"]]
    folder.write_table("times.csv", ["model", "seed", *columns_of(TimeRow)], times)
    losses = [
        {"arm": arm, "epoch": record["epoch"], "part": part, "loss": value}
        for _, record in records
        for arm, parts in record["losses"].items()
        for part, value in parts.items()
    ]
    folder.write_table("losses.csv", ["arm", "epoch", "part", "loss"], losses)


def _manifest(plan: Plan, device: torch.device) -> dict[str, Any]:
    arms = []
    for arm in plan.arms:
        original = plan.originals[arm.model]
        arms.append(
            {
                "arm": arm.name,
                "model": arm.model,
                "freeze_point": arm.freeze_point,
                "label": arm.label,
                "strategy": arm.strategy,
                "seed": arm.seed,
                "trainable_parameters": trainable_parameters(original, arm.freeze_point),
                "parameters": trainable_parameters(original, 0),
            }
        )
    reference = next(iter(plan.reference.values()))
    data = {"target": plan.target.evaluate, "reference": reference}
    return {
        "format": 1,
        "suite": plan.suite.model_dump(mode="json"),
        "identity": plan.identity(),
        "arms": arms,
        "reference_arms": {
            model: plan.reference_freeze_point(model) for model in plan.originals if plan.suite.train.pretrained
        },
        "models": {
            name: {
                "weights_hash": original.weights_hash(),
                "head": original.head,
                "neck": original.neck,
                "classes": list(original.classes),
                "two_heads": yolo.has_two_heads(original.model),
            }
            for name, original in plan.originals.items()
        },
        "data": {
            role: {
                "name": dataset.name,
                "images": len(dataset.samples),
                "instances": dataset.instances,
                "classes": list(dataset.classes),
                "fingerprint": dataset.fingerprint(),
                "oddities": plan.reports[role].counts(),
            }
            for role, dataset in data.items()
        }
        | {
            "train": {
                "name": plan.target_train.name,
                "images": len(plan.target_train.samples),
                "instances": plan.target_train.instances,
                "fingerprint": plan.target_train.fingerprint(),
            }
        },
        "environment": environment(device),
    }


def _with_outcomes(manifest: dict[str, Any], plan: Plan, folder: RunFolder) -> dict[str, Any]:
    """Return the manifest with how each arm ended and the hash of every file that scores rest on."""
    checkpoints = sorted((folder.path / "checkpoints").rglob("*.safetensors"))
    detections = sorted((folder.path / "detections").glob("*.safetensors"))
    return {
        **manifest,
        "arms": [
            {**described, **outcome(folder, arm)} for described, arm in zip(manifest["arms"], plan.arms, strict=True)
        ],
        "files": {path.relative_to(folder.path).as_posix(): sha256_file(path) for path in checkpoints + detections},
    }
