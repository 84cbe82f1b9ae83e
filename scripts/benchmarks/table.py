"""What was measured as Markdown: medians over rounds, ratios, AP, and the line that a script can read."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from statistics import median
from typing import Any

import torch

from benchmarks.contenders import CONTENDERS, threads
from forgetbench.device import available_cores
from forgetbench.sweep.provenance import environment

Measured = Mapping[str, Any]
PACKAGES = ("torch", "ultralytics", "numpy", "pycocotools", "hotcoco")
MEBIBYTE = 2**20


def machine() -> str:
    """Return processor, versions and day in one paragraph."""
    known = environment(torch.device("cpu"))
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    commit = (known["commit"] or "unknown")[:10] + (" with changes" if known["dirty"] else "")
    return (
        f"{known['processor']}, {available_cores()} cores, {platform.system()}; Python {known['python']}, {versions}; "
        f"forgetbench {known['forgetbench']}, commit {commit}; {datetime.now(UTC):%Y-%m-%d}. "
        f"OMP_NUM_THREADS: {os.environ.get('OMP_NUM_THREADS', 'not set')}; tuned and forgetbench compute on "
        f"{threads()} threads, plain on what Ultralytics sets."
    )


def rows(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, its first column to the left and all others to the right."""
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *lines))


def medians(rounds: Sequence[Mapping[str, Measured]]) -> dict[str, dict[str, float]]:
    """Return each contender's median of each figure over the rounds."""
    figures = ("wall", "cpu", "memory", "disk", "checkpoints")
    return {
        name: {figure: median(measured[name][figure] for measured in rounds) for figure in figures}
        for name in rounds[0]
    }


def cost_table(costs: Mapping[str, Mapping[str, float]], base: str = "forgetbench") -> str:
    """Return what each contender took, and below it how many times the base's that is."""
    columns = {
        "wall, s": ("wall", 1.0, 1),
        "CPU, s": ("cpu", 1.0, 1),
        "peak memory (RSS), MiB": ("memory", MEBIBYTE, 0),
        "disk, MiB": ("disk", MEBIBYTE, 1),
        "checkpoints, MiB": ("checkpoints", MEBIBYTE, 1),
    }
    shown = {label: how for label, how in columns.items() if how[0] in costs[base]}
    lines = [
        [name, *(f"{cost[figure] / unit:.{digits}f}" for figure, unit, digits in shown.values())]
        for name, cost in costs.items()
    ]
    lines += [
        [f"{name} / {base}", *(_ratio(cost[figure], costs[base][figure]) for figure, _, _ in shown.values())]
        for name, cost in costs.items()
        if name != base
    ]
    return rows(["", *shown], lines)


def _ratio(value: float, base: float) -> str:
    return f"{value / base:.2f}" if base else "–"


def ap_table(measured: Mapping[str, Measured], freeze_points: Sequence[int], epochs: int) -> str:
    """Return the last epoch's AP by freeze point as each contender reports it."""
    header = ["freeze point", *(f"{role}, {name}" for role in ("target", "COCO") for name in CONTENDERS)]
    known = {
        (name, score["freeze_point"], score["role"]): score["ap"]
        for name in CONTENDERS
        for score in measured[name]["scores"]
        if score["epoch"] == epochs
    }
    lines = [
        [str(point), *(f"{known[name, point, role]:.4f}" for role in ("target", "reference") for name in CONTENDERS)]
        for point in freeze_points
    ]
    return rows(header, lines)


def last_line(costs: Mapping[str, Mapping[str, float]], difference: float) -> str:
    """Return the line that a script can read: ratios of wall times, and the largest difference of AP."""
    plain, tuned, ours = (costs[name]["wall"] for name in CONTENDERS)
    return (
        f"plain/forgetbench {plain / ours:.2f} tuned/forgetbench {tuned / ours:.2f} max-AP-difference {difference:.6f}"
    )
