"""What the nodes of a Ray cluster are given to do; Ray calls these there, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from forgetbench.device import first_device
from forgetbench.errors import InputError, RunError
from forgetbench.plan.plan import Plan
from forgetbench.scratch import scratch_folder
from forgetbench.sweep.executor import SeparateJob, do_apart
from forgetbench.sweep.executors.exchange import MANIFEST, Exchange
from forgetbench.sweep.executors.nodes import what_is_unfit
from forgetbench.sweep.executors.relay import Teller

#: Seconds to wait for the lock of a job whose node was lost: file servers keep it for up to a minute and a half.
PATIENCE = 120.0
#: Told of files that a job has finished, or taken out of the run.
Told = Callable[[list[str], bool], None]


@dataclass(frozen=True)
class Asked:
    """What every node is told: where the process that asks works, and with what.

    Attributes:
        folder: Its working folder.
        run: The run folder, absolute.
        mark, token: A file in the run folder, or beside the run in the store, and what is in it.
        store: The object store that files are handed over in; None where nodes reach the run folder.
        software: The versions there.
        kind: The kind of device to compute on.
        threads: How many threads to compute with.
    """

    folder: str
    run: str
    mark: str
    token: str
    store: str | None
    software: Mapping[str, Any]
    kind: str
    threads: int


class Post:
    """Holds what jobs tell until it is taken; it lives in the cluster, and what it holds is not worth keeping."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []

    def tell(self, job: str, line: str) -> None:
        """Keep a line of a job."""
        self._lines.append((job, line))

    def take(self) -> list[tuple[str, str]]:
        """Return the lines that came since this was last called, with the names of their jobs."""
        lines, self._lines = self._lines, []
        return lines


def look(plan: Plan, asked: Asked) -> str | None:
    """Return why this node cannot do jobs, None if it can."""
    if not Path(asked.folder).is_dir():
        return f"{asked.folder}, the working folder, is not there"
    os.chdir(asked.folder)
    if asked.store is None:
        return what_is_unfit(plan, Path(asked.run) / asked.mark, asked.token, asked.software)
    try:
        with scratch_folder("look-") as folder:
            Exchange(asked.store, Path(asked.run)).receive(folder, asked.mark)
            return what_is_unfit(plan, folder / asked.mark, asked.token, asked.software)
    except (InputError, RunError) as error:
        return str(error)


def do_job(job: SeparateJob, plan: Plan, asked: Asked, gpus: list[str], tell: Callable[[str], object]) -> None:
    """Do a job here.

    Args:
        job: The job.
        plan: What the run does.
        asked: Where and with what.
        gpus: The GPUs that are this job's, as CUDA_VISIBLE_DEVICES names them.
        tell: Takes lines for whoever waits.

    Raises:
        InputError: this node cannot do it, such as one that joined after all others were looked at.
        RunError: it could not be done.
    """
    if gpus:  # before PyTorch looks; what is seen first is then this job's own
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    unfit = look(plan, asked)
    if unfit is not None:
        raise InputError("a node of the cluster cannot do this job", where=os.uname().nodename, found=unfit)
    torch.set_num_threads(asked.threads)
    device = first_device(asked.kind)
    with _run_folder(job, asked) as (run, told):
        do_apart(job, plan, run, device, Teller(tell), patience=PATIENCE, told=told)


@contextmanager
def _run_folder(job: SeparateJob, asked: Asked) -> Iterator[tuple[Path, Told | None]]:
    """Yield the run folder: the one that all nodes reach, or one with what the store has of this job."""
    run = Path(asked.run)
    if asked.store is None:
        yield run, None
        return
    exchange = Exchange(asked.store, run)
    with scratch_folder("job-") as folder:
        exchange.receive(folder, MANIFEST)
        exchange.receive_jobs(folder, [*job.reads, job.place])
        yield folder, exchange.sender(folder, job.place)
        exchange.send_mark(folder, job.place)
