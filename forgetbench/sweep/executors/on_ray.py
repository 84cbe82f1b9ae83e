"""Jobs done on the nodes of a Ray cluster, whose nodes reach the run folder under the same path as this process.

Ray decides where a job is done; each asks for the cores and GPUs it needs. A job that is lost with its process or its
node begins again elsewhere, from the files it left.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from forgetbench.device import is_gpu
from forgetbench.errors import RunError, counted
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress
from forgetbench.record.job_files import jobs_done
from forgetbench.sweep.executor import SeparateJob, Site
from forgetbench.sweep.executors.exchange import MANIFEST, Exchange
from forgetbench.sweep.executors.nodes import Demand, refuse_if_none_fits, refuse_unfit
from forgetbench.sweep.executors.ray_connection import (
    SECONDS_TO_ANSWER,
    connected,
    import_ray,
    nodes_of,
    what_each_lacks,
)
from forgetbench.sweep.executors.ray_tasks import Asked, Post, do_job
from forgetbench.sweep.executors.relay import Relay
from forgetbench.sweep.executors.schedule import Schedule
from forgetbench.sweep.provenance import software

#: How often a job is begun again after its process or node was lost.
RETRIES = 5
#: Seconds between looks at what jobs tell.
_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True)
class _Attempt:
    """A job under way, and how often it was begun before."""

    job: SeparateJob
    number: int
    relay: Relay


class RayCluster:
    """Has jobs done on the nodes of the Ray cluster that RAY_ADDRESS names, or that this machine is a node of.

    Args:
        cpus, gpus: What a job asks of its node; None for what suits the device.
        store: The object store that nodes hand files over in; None where they reach the run folder.
    """

    def __init__(self, cpus: int | None = None, gpus: float | None = None, store: str | None = None) -> None:
        self._cpus, self._gpus, self._store = cpus, gpus, store

    def run(self, jobs: Sequence[SeparateJob], site: Site) -> None:
        """Have all jobs done, each after those that it names.

        Raises:
            InputError: there is no cluster, no node of it has what a job asks for, or one cannot do these jobs.
            ForgetbenchError: a job could not be done; those that do not rest on it have been.
        """
        ray = import_ray()
        run = site.folder.path.absolute()
        exchange = None if self._store is None else Exchange(self._store, run)
        with connected(ray), _asking(site, self._store, exchange) as asked:
            nodes = nodes_of(ray)
            usual = Demand.usual(nodes, asked.threads, gpu=is_gpu(site.device))
            demand = Demand(self._cpus or usual.cpus, usual.gpus if self._gpus is None else self._gpus)
            refuse_if_none_fits(demand, nodes)
            if not is_gpu(site.device) and any(node.gpus for node in nodes):
                site.progress.message(
                    "nodes have GPUs, but jobs are done on CPUs, as this command would do them. It finishes the run "
                    "where it is, so start it where a GPU is if GPUs are to be used",
                    "warning",
                )
            plan = ray.put(site.plan)
            fitting = [node for node in nodes if demand.fits(node)]
            refuse_unfit(what_each_lacks(ray, fitting, plan, asked), run)
            site.progress.message(f"{counted(len(fitting), 'node', 'nodes')} of a Ray cluster; each job takes {demand}")
            received = (lambda job: exchange.receive_jobs(run, [job.place])) if exchange else lambda _: None
            _Jobs(ray, plan, asked, demand, site.progress, received).do_all(jobs, jobs_done(run))


class _Jobs:
    """Jobs under way on a cluster."""

    def __init__(
        self,
        ray: Any,
        plan: Any,
        asked: Asked,
        demand: Demand,
        progress: Progress,
        received: Callable[[SeparateJob], None],
    ) -> None:
        self._ray, self._plan, self._asked, self._demand = ray, plan, asked, demand
        self._progress, self._received = progress, received
        self._post = ray.remote(num_cpus=0, max_restarts=-1)(Post).remote()
        self._task = ray.remote(max_retries=0, max_calls=1, **demand.options())(_do_job)
        self._running: dict[Any, _Attempt] = {}

    def do_all(self, jobs: Sequence[SeparateJob], marked: Iterable[str]) -> None:
        """Do all jobs that are not marked as done."""
        schedule = Schedule(jobs, marked, self._progress)
        try:
            while True:
                for job in schedule.take_ready():
                    self._begin(job, 0)
                if not self._running:
                    break
                finished, _ = self._ray.wait(list(self._running), num_returns=1, timeout=_SECONDS_BETWEEN_LOOKS)
                self._pass_on()
                for reference in finished:
                    attempt = self._running.pop(reference)
                    attempt.relay.close()
                    error = _outcome(self._ray, reference)
                    if isinstance(error, _LostError) and attempt.number < RETRIES:
                        self._begin_again(attempt, error)
                        continue
                    if error is None:
                        self._received(attempt.job)
                    schedule.note(attempt.job, error)
        finally:
            for reference, attempt in self._running.items():
                attempt.relay.close()
                self._ray.cancel(reference, force=True)
        schedule.raise_first_failure()

    def _begin(self, job: SeparateJob, number: int) -> None:
        reference = self._task.remote(job, self._plan, self._asked, self._post)
        self._running[reference] = _Attempt(job, number, Relay(job.name, self._progress))

    def _begin_again(self, attempt: _Attempt, error: BaseException) -> None:
        times = f"{attempt.number + 1} of {RETRIES} times"
        self._progress.message(f"{attempt.job.name}: {error}; it begins again where it stopped ({times})", "warning")
        if not any(map(self._demand.fits, nodes_of(self._ray))):
            lacking = f"no node is left that has {self._demand}: what is not done waits for one"
            self._progress.message(lacking, "warning")
        self._begin(attempt.job, attempt.number + 1)

    def _pass_on(self) -> None:
        """Show what jobs told since the last look."""
        relays = {attempt.job.name: attempt.relay for attempt in self._running.values()}
        try:
            lines = self._ray.get(self._post.take.remote(), timeout=SECONDS_TO_ANSWER)
        except self._ray.exceptions.RayError:  # its node was lost, and it begins again without what it held
            return
        for job, line in lines:
            if job in relays:
                relays[job](line)


class _LostError(RunError):
    """A job was lost with its process or its node."""


def _do_job(job: SeparateJob, plan: Plan, asked: Asked, post: Any) -> None:
    """Do a job on a node; Ray calls this there."""
    import ray

    gpus = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
    told: list[Any] = []

    def tell(line: str) -> None:
        told[:] = [post.tell.remote(job.name, line)]

    try:
        do_job(job, plan, asked, gpus, tell)
    finally:
        ray.wait(told, timeout=SECONDS_TO_ANSWER)  # else the last words would be lost with this process


@contextmanager
def _asking(site: Site, store: str | None, exchange: Exchange | None) -> Iterator[Asked]:
    """Yield what nodes are told; meanwhile a file is there by which they know the run folder, or the store."""
    token, run = os.urandom(16).hex(), site.folder.path.absolute()
    mark = f".{token}.part"  # which is removed like a half-written file, should this process be killed
    (run / mark).write_text(token, encoding="utf-8")
    try:
        if exchange is not None:
            exchange.send(run, mark)
            exchange.send(run, MANIFEST)
        kind, threads = site.device.type, torch.get_num_threads()
        yield Asked(str(Path.cwd()), str(run), mark, token, store, software(), kind, threads)
    finally:
        (run / mark).unlink(missing_ok=True)
        if exchange is not None:
            exchange.remove(mark)


def _outcome(ray: Any, reference: Any) -> BaseException | None:
    """Return what went wrong with a job that is over."""
    try:
        ray.get(reference)
    except ray.exceptions.OutOfMemoryError:
        return _LostError("its node ran out of memory and ended it")
    except ray.exceptions.NodeDiedError:
        return _LostError("its node was lost")
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.RaySystemError, ray.exceptions.ObjectLostError):
        return _LostError("its process was lost, perhaps with its node")
    except ray.exceptions.RayTaskError as error:
        return error.cause if isinstance(error.cause, BaseException) else error
    except ray.exceptions.RayError as error:
        return RunError("Ray could not do it", found=str(error).strip().split("\n")[0])
    return None
