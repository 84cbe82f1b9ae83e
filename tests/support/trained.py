"""Training the arms of a plan into a run's folder, and what it leaves there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from support.recorder import Recorder

from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.record.folder import RunFolder
from forgetbench.sweep.train_sessions import train_arms

CPU = torch.device("cpu")


def target_ap(arm: Arm, epoch: int) -> float:
    """Return less after every epoch, so that patience of one evaluation ends after the second."""
    del arm
    return 1 / epoch


def train(plan: Plan, path: Path) -> list[str]:
    """Train all arms into a run's folder; returns what was said."""
    folder, said = RunFolder(path), Recorder()
    path.mkdir(exist_ok=True)
    folder.journal.begin()
    train_arms(plan, plan.arms, folder, CPU, said, target_ap)
    return [line for line in said.lines if not line.startswith("detail")]


def left(path: Path) -> dict[str, Any]:
    """Return all that training left by name; of records what does not depend on how fast it went."""
    found: dict[str, Any] = {}
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.name != "journal":
            found[file.relative_to(path).as_posix()] = _without_times(file)
    return found


def _without_times(file: Path) -> Any:
    if file.suffix != ".json":
        return file.read_bytes()
    content = json.loads(file.read_text(encoding="utf-8"))
    for row in content.get("times", []):
        row["seconds"] = None
    return content
