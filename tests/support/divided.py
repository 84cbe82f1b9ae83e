"""A run of two seeds, whose jobs can be divided among processes, and how one differs from another."""

from pathlib import Path
from typing import Any

import torch
from support.finished_run import small_suite

from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.progress import Silent
from forgetbench.record.seal import files_in
from forgetbench.sweep.execute import run_plan

CPU = torch.device("cpu")
#: What is measured anew whenever an epoch is trained, and what is drawn or said of it.
_MEASURED = ("times.csv", "sessions/", "figures/", "summary.md", "manifest.json")


def divided_suite() -> dict[str, Any]:
    """Return the suite."""
    return small_suite(name="divided", seeds=[0, 1])


def divided_plan() -> Plan:
    """Return the plan."""
    return make_plan(read_suite(divided_suite(), ()), device=CPU, progress=Silent())


def make_divided_run(output: Path) -> Path:
    """Make the run in this process alone, and return its folder."""
    return run_plan(divided_plan(), output, CPU, Silent()).path


def differences(expected: Path, found: Path) -> list[str]:
    """Return the names of files that one run has otherwise than the other, or not at all."""
    names = {*files_in(expected), *files_in(found)}
    return sorted(name for name in names if _content(expected / name, name) != _content(found / name, name))


def _content(path: Path, name: str) -> bytes | None:
    if not path.is_file():
        return None
    return b"" if name.startswith(_MEASURED) else path.read_bytes()
