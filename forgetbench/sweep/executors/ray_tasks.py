"""What the nodes of a Ray cluster are given to do; Ray calls these there, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from forgetbench.plan.plan import Plan
from forgetbench.sweep.executor import SeparateJob, do_apart
from forgetbench.sweep.executors.nodes import what_is_unfit
from forgetbench.sweep.executors.relay import Teller

#: Seconds to wait for the lock of a job whose node was lost: file servers keep it for up to a minute and a half.
PATIENCE = 120.0


@dataclass(frozen=True)
class Here:
    """Where this process works, under paths that all nodes reach: its working folder, and the run's."""

    folder: str
    run: str


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


def do_job(job: SeparateJob, plan: Plan, here: Here, kind: str, threads: int, post: Any) -> None:
    """Do a job, on a node: Ray calls this there."""
    import ray

    from forgetbench.cache_use import using_cache
    from forgetbench.device import keep_freed_memory, repeat_exactly

    gpus = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
    if gpus:  # before PyTorch looks; what is seen first is then this job's own
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    os.chdir(here.folder)
    torch.set_num_threads(threads)
    keep_freed_memory()
    device = torch.device("cuda", 0) if kind == "cuda" else torch.device(kind)
    repeat_exactly(device)
    with using_cache():
        do_apart(
            job, plan, Path(here.run), device, Teller(lambda line: post.tell.remote(job.name, line)), patience=PATIENCE
        )


def look(plan: Plan, folder: str, mark: str, token: str, software_there: Mapping[str, Any]) -> str | None:
    """Return why this node cannot do jobs: Ray calls this there."""
    if not Path(folder).is_dir():
        return f"{folder}, the working folder, is not there"
    os.chdir(folder)
    return what_is_unfit(plan, mark, token, software_there)
