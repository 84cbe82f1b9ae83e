"""The manifest: what was asked for, what it ran with, and how it ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from forgetbench.data.dataset import Dataset
from forgetbench.derive.resampling import SEED
from forgetbench.model import yolo
from forgetbench.plan.arms import ends_of
from forgetbench.plan.plan import Plan
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import ArmRecord, Manifest
from forgetbench.record.run_format import FORMAT
from forgetbench.suite.arms import reference_arms
from forgetbench.suite.portable import portable_suite


def manifest_of(plan: Plan, environment: dict[str, Any]) -> Manifest:
    """Return the manifest of a run that has not started; `environment` is what it is computed in."""
    known = {
        "format": FORMAT,
        "id": plan.run_id(),
        "suite": portable_suite(plan.suite),
        "identity": plan.identity(),
        "evaluation": asdict(plan.settings()),
        "resampling_seed": SEED,
        "arms": _arms(plan),
        "reference_arms": reference_arms(plan.suite, ends_of(plan.originals)),
        "claims": plan.claims,
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
            "train": _dataset(plan.target_train),
            "target": _dataset(plan.target.evaluate) | {"oddities": plan.reports["target"].counts()},
            "reference": _dataset(next(iter(plan.reference.values())))
            | {"oddities": plan.reports["reference"].counts()},
        },
        "environment": environment,
    }
    return cast(Manifest, known)


def with_outcomes(manifest: Manifest, plan: Plan, folder: RunFolder) -> Manifest:
    """Return the manifest with how each arm ended."""
    arms = [
        cast(ArmRecord, {**described, **folder.outcomes(arm.model, arm.seed)[arm.name]})
        for described, arm in zip(manifest["arms"], plan.arms, strict=True)
    ]
    return {**manifest, "arms": arms}


def _arms(plan: Plan) -> list[dict[str, Any]]:
    arms = []
    for arm in plan.arms:
        flops = plan.blank(arm).flops(plan.suite.train.imgsz)
        arms.append(
            {
                **arm.record(),
                "trainable_parameters": arm.recipe.trained_parameters,
                "parameters": arm.recipe.parts.parameters(),
                "trained_flops": sum(flops[arm.freeze_point :]),
                "flops": sum(flops),
            }
        )
    return arms


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "split": dataset.split,
        "subset_of": dataset.subset_of,
        "images": len(dataset.samples),
        "instances": dataset.instances,
        "classes": list(dataset.classes),
        "fingerprint": dataset.fingerprint(),
        "origin": asdict(dataset.origin) if dataset.origin else None,
        **({"reader": dataset.reader} if dataset.reader else {}),
    }
