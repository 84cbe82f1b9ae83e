"""What a run cost, what it was run with and on which data, in words and tables."""

from __future__ import annotations

from typing import Any

from forgetbench.analyse.costs import Cost, costs, shared_seconds_per_step
from forgetbench.analyse.tradeoff import treatment_of
from forgetbench.record.tables import RunTables
from forgetbench.report.style import heading
from forgetbench.report.text import UNMEASURED, counted_seeds, markdown_table, mebibytes, milliseconds
from forgetbench.shown import in_markdown


def cost_table(tables: RunTables, model: str) -> str:
    """Return the cost of training each treatment of a model."""
    arms = tables.arms(model)
    shared = shared_seconds_per_step(tables.times, model)
    labels = {treatment_of(arm): str(arm["label"]) for arm in arms}
    flops = {treatment_of(arm): arm.get("trained_flops") for arm in arms}

    def row(cost: Cost) -> list[str]:
        trained = flops[cost.treatment]
        return [
            in_markdown(labels[cost.treatment]),
            UNMEASURED if trained is None else f"{trained / 1e9:.2f}",
            milliseconds(cost.step_seconds),
            *(mebibytes(cost.held[kind]) for kind in ("gradients", "optimizer", "saved_for_backward")),
            mebibytes(cost.max_allocated),
        ]

    seeds = counted_seeds(len(tables.manifest["suite"]["seeds"]))
    header = [
        f"{heading(labels)} ({seeds})",
        "GFLOPs in trained modules",
        "own time of a step",
        "gradients",
        "optimizer state",
    ]
    header += ["saved for backward", "solo peak (CUDA)"]
    rows = [row(cost) for cost in costs(arms, tables.memory, tables.times)]
    note = (
        f"Shared by all branches in a step (loading, frozen forward): {milliseconds(shared)}. "
        "GFLOPs are of one image's forward, convolutions and matrix products alone."
    )
    return f"{markdown_table(header, rows)}\n\n{note}"


def settings_text(manifest: dict[str, Any]) -> str:
    """Return how arms were trained and scored, and with which versions on what machine."""
    train, evaluation, environment = manifest["suite"]["train"], manifest["evaluation"], manifest["environment"]
    said = [
        ", ".join(f"{key} {train[key]}" for key in ("epochs", "imgsz", "batch", "nbs", "optimizer", "lr0", "lrf"))
        + f", warmup_bias_lr {_bias_rates(manifest['arms'])}"
        + f", seeds {', '.join(map(str, manifest['suite']['seeds']))}, class rows copied by name: {train['cls_remap']}",
        "evaluation: " + ", ".join(f"{key} {evaluation[key]}" for key in sorted(evaluation)),
        ", ".join(f"{name} {version}" for name, version in environment["packages"].items() if version)
        + f"; {environment['device']}, {environment['processor']}, {environment['threads']} threads",
    ]
    varied = list(dict.fromkeys(arm.get("setting") for arm in manifest["arms"] if arm.get("setting")))
    said += [f"each arm under: {'; '.join(varied)}"] if varied else []
    said += [f"{arm['name']}: {_own_settings(arm)}" for arm in manifest["suite"].get("arms", [])]
    return "\n".join(f"- {in_markdown(line)}" for line in said)


def _bias_rates(arms: list[dict[str, Any]]) -> str:
    """Return the rates that biases started their warm-up at, all that there were among the arms."""
    rates = dict.fromkeys(arm["train"]["warmup_bias_lr"] for arm in arms if "train" in arm)
    return " or ".join(f"{rate:g}" for rate in rates) or UNMEASURED


def _own_settings(arm: dict[str, Any]) -> str:
    """Return what an arm beside the freeze points does otherwise, from its entry in the suite."""
    said = [f"freeze point {arm['freeze_point']}"]
    said += [f"{name} {_plain(options)}" for name, options in arm["strategy"].items()]
    said += [f"{key} {value}" for key, value in arm["train"].items() if value is not None]
    return ", ".join(said + ([] if arm["pretrained"] else ["random weights"]))


def _plain(options: Any) -> str:
    if isinstance(options, dict):
        return " ".join(f"{key}: {value}" for key, value in options.items())
    return " ".join(map(str, options)) if isinstance(options, list) else str(options)


def data_text(manifest: dict[str, Any]) -> str:
    """Return a line per dataset: what it holds and what was odd in it."""
    lines = []
    for role, data in manifest["data"].items():
        odd = ", ".join(f"{count} {kind}" for kind, count in data.get("oddities", {}).items())
        held = f"{data['images']} images, {data['instances']} boxes"
        lines.append(f"{role}: {data['name']} ({data['split']}), {held}" + (f"; {odd}" if odd else ""))
    return "\n".join(f"- {in_markdown(line)}" for line in lines)
