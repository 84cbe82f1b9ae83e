"""`forgetbench runs`: lists the runs in a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forgetbench.cli.console import age, say, show, size, table
from forgetbench.cli.main import console
from forgetbench.cli.options import verbose_option

if TYPE_CHECKING:
    from forgetbench.housekeeping.runs import RunStatus


@click.command("runs")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("runs"))
@verbose_option
def command(folder: Path, verbose: bool) -> None:  # noqa: ARG001  (-v is read by the error handler)
    """List the runs in a folder.

    FOLDER is where runs were put, `runs` by default. Shows whether each run is complete, running, stopped or damaged,
    when something was last written to it, and its size. A run that is not in FOLDER/suite/id is listed with its path.
    Files are not compared with their hashes; `verify` does that. Links to other folders are not followed.
    """
    from forgetbench.housekeeping.runs import list_runs
    from forgetbench.room import free_bytes

    screen, found = console(), list_runs(folder)
    if found:
        rows = [[run.suite, _called(run, folder), _state(run), _written(run), size(run.bytes)] for run in found]
        show(screen, table(f"Runs in {folder}", ["suite", "id", "state", "written", "size"], rows, left=3))
    free = free_bytes(folder)
    left = "" if free is None else f"; {size(free)} are free on this disk"
    count = "1 run" if len(found) == 1 else f"{len(found)} runs"
    say(screen, f"{count}, {size(sum(run.bytes for run in found))}{left}")


def _called(run: RunStatus, folder: Path) -> str:
    """Return a run's id; its path where it does not lie where `run` puts it."""
    return run.id if run.path == folder / run.suite / run.id else str(run.path)


def _state(run: RunStatus) -> str:
    return f"{run.state}: {run.detail}" if run.detail else run.state


def _written(run: RunStatus) -> str:
    return "unknown" if run.written is None else f"{age(time.time() - run.written)} ago"
