"""Commands that are killed at the n-th thing they change on disk, for every n, in a process of their own.

A kill finds on disk what was there before the operation, so an operation that finds the same as the one before it, such
as bringing to disk what was just written, is not tried again.

Processes are forked from one that has imported everything and computed nothing, so that no thread of it is missing in
them: `python -m support.killed` is that process.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing import get_context
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from typing import Any

import pytest
import torch
from support.charts import not_drawn
from support.finished_run import runs_folder

from forgetbench.model.original import load_original
from forgetbench.plan import models
from forgetbench.plan.models import SHIPPED
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.progress import Silent
from forgetbench.record.seal import SEAL, files_in
from forgetbench.report import write
from forgetbench.report.charts import CHARTS
from forgetbench.sweep import execute
from forgetbench.sweep.execute import run_plan
from forgetbench.sweep.redraw import redraw

#: Calls by which files come into their places, are removed or are brought to disk.
_OPERATIONS = ("replace", "unlink", "fsync")
CPU = torch.device("cpu")
WEIGHTS = SHIPPED / "weights" / "yolov8p-shapes.safetensors"


def kill_at_each(run: Path, place: Path, suite: Mapping[str, Any] | None) -> int:
    """Kill a command at each of its operations, each time on a new copy of a run, and then let it come to its end.

    Args:
        run: The run folder.
        place: An empty folder for copies; `whole` becomes the one on which nobody killed the command.
        suite: What `run` is given; None is `report`.

    Returns:
        The number of kills. Every copy has come out with the bytes of `whole`.
    """
    return int(_asked("each", run, place, suite))


def killed_at(run: Path, place: Path, suite: Mapping[str, Any] | None, number: int) -> Path:
    """Return a copy of a run on which a command was killed right before its n-th operation."""
    return Path(_asked(str(number), run, place, suite))


def contents(run: Path) -> dict[str, bytes]:
    """Return the bytes of each file of a run by name."""
    return {name: (run / name).read_bytes() for name in [*files_in(run), SEAL]}


def comparable(run: Path) -> dict[str, bytes]:
    """Return the bytes of each file of a run by name, without commits in manifests, which may be made meanwhile."""
    found = contents(run)
    manifest = json.loads(found["manifest.json"])
    for key in ("commit", "dirty"):
        manifest["environment"].pop(key)
    seal = found[SEAL].decode().splitlines()
    lines = [line for line in seal if not line.endswith(("  manifest.json", "  summary.md"))]
    return {**found, "manifest.json": json.dumps(manifest).encode(), SEAL: "\n".join(lines).encode()}


def _asked(number: str, run: Path, place: Path, suite: Mapping[str, Any] | None) -> str:
    asked = [number, str(run), str(place), json.dumps(suite)]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "support.killed", *asked]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def main() -> None:
    """Do what `kill_at_each` or `killed_at` asks for."""
    # few charts are written and none is drawn, which would take most of the time
    opened = cache(load_original)
    patch = pytest.MonkeyPatch()
    patch.setattr(write, "CHARTS", dict(list(CHARTS.items())[:2]))
    patch.setattr(execute, "warn_before_run", lambda *_, **__: None)
    patch.setattr(models, "load_original", opened)
    opened(WEIGHTS)  # which each process would open anew, and import what that takes
    number, run, place, suite = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), json.loads(sys.argv[4])
    plan = None if suite is None else make_plan(read_suite(suite), device=CPU, progress=Silent())
    if plan is not None:
        for arm in plan.arms:
            plan.blank(arm).flops(plan.settings().imgsz)  # which each process would count anew
    if number != "each":
        copy, command = _copy(run, place, plan)
        _forked(command, int(number))
        sys.stdout.write(f"{copy}\n")
        return
    whole, command = _copy(run, place / "whole", plan)
    kills = _changes(command, whole)
    expected = comparable(whole)
    for kill in kills:
        copy, command = _copy(run, place / str(kill), plan)
        assert _forked(command, kill) == kill
        _forked(command, 0)
        found = comparable(copy)
        other = sorted(name for name in found.keys() | expected if found.get(name) != expected.get(name))
        assert not other, f"killed at operation {kill} of {kills[-1]}: {other}"
        shutil.rmtree(place / str(kill))
    sys.stdout.write(f"{len(kills)}\n")


def _copy(run: Path, place: Path, plan: Plan | None) -> tuple[Path, Callable[[], object]]:
    copy = runs_folder(run, place)
    if plan is None:
        return copy, lambda: redraw(copy)
    return copy, lambda: run_plan(plan, place, CPU, Silent())


def _changes(command: Callable[[], object], run: Path) -> list[int]:
    """Run a command and return which of its operations find another state on disk than the operation before."""
    found = RawArray("b", 10_000)
    states: list[object] = [None]

    def look(number: int) -> None:
        states.append([(path, *_state(path)) for path in sorted(run.rglob("*"))])
        found[number] = states[-1] != states.pop(0)

    _forked(command, 0, look)
    return [number for number, other in enumerate(found) if other]


def _state(path: Path) -> tuple[int, ...]:
    about = path.lstat()
    return about.st_ino, about.st_mode, about.st_size, about.st_mtime_ns


def _forked(command: Callable[[], object], number: int, look: Callable[[int], None] = lambda _: None) -> int:
    """Run a command, and kill it (SIGKILL) before its n-th operation, 0 for never; return how many it came to.

    Each operation's number is given to `look` before it.
    """
    count = RawValue("i", 0)

    def work() -> None:
        for name in _OPERATIONS:
            setattr(os, name, _counted(getattr(os, name), count, number, look))
        command()

    process = get_context("fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == (-signal.SIGKILL if number else 0), process.exitcode
    return int(count.value)


def _counted(function: Callable[..., Any], count: Any, number: int, look: Callable[[int], None]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        count.value += 1
        look(count.value)
        if count.value == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call


if __name__ == "__main__":
    with not_drawn():
        main()
