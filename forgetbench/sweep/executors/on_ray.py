"""Jobs done on the nodes of a Ray cluster, whose nodes reach the run folder under the same path as this process.

Ray decides where a job is done; each asks for the cores and GPUs it needs. A job that is lost with its process or its
node begins again elsewhere, from the files it left.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from forgetbench.device import is_gpu
from forgetbench.errors import InputError, RunError, counted
from forgetbench.sweep.executor import SeparateJob, Site
from forgetbench.sweep.executors.failures import Failures
from forgetbench.sweep.executors.nodes import Demand, Node, refuse_if_none_fits, refuse_unfit
from forgetbench.sweep.executors.ray_tasks import Here, Post, do_job, look
from forgetbench.sweep.executors.relay import Relay
from forgetbench.sweep.provenance import software

#: How often a job is begun again after its process or node was lost.
RETRIES = 5
#: Seconds between looks at what jobs tell.
_SECONDS_BETWEEN_LOOKS = 1.0
#: Seconds for a node to answer whether it can be worked on.
_SECONDS_TO_ANSWER = 120.0


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
    """

    def __init__(self, cpus: int | None = None, gpus: float | None = None) -> None:
        self._cpus, self._gpus = cpus, gpus

    def run(self, jobs: Sequence[SeparateJob], site: Site) -> None:
        """Have all jobs done, each after those that it names.

        Raises:
            InputError: there is no cluster, no node of it has what a job asks for, or one cannot do these jobs.
            ForgetbenchError: a job could not be done; those that do not rest on it have been.
        """
        ray = import_ray()
        with _connected(ray):
            nodes = _nodes(ray)
            usual = Demand.usual(nodes, torch.get_num_threads(), gpu=is_gpu(site.device))
            demand = Demand(self._cpus or usual.cpus, usual.gpus if self._gpus is None else self._gpus)
            refuse_if_none_fits(demand, nodes)
            plan = ray.put(site.plan)
            _refuse_unfit_nodes(ray, nodes, plan, site)
            site.progress.message(f"{counted(len(nodes), 'node', 'nodes')} of a Ray cluster; each job takes {demand}")
            self._do_all(ray, jobs, site, plan, demand)

    def _do_all(self, ray: Any, jobs: Sequence[SeparateJob], site: Site, plan: Any, demand: Demand) -> None:
        failures, waiting, done = Failures(site.progress), list(jobs), set[str]()
        running: dict[Any, _Attempt] = {}
        post = ray.remote(num_cpus=0, max_restarts=-1)(Post).remote()
        here = Here(str(Path.cwd()), str(site.folder.path.absolute()))
        task = ray.remote(max_retries=0, max_calls=1, **demand.options())(do_job)

        def begin(job: SeparateJob, number: int) -> None:
            given = (job, plan, here, site.device.type, torch.get_num_threads(), post)
            running[task.remote(*given)] = _Attempt(job, number, Relay(job.name, site.progress))

        try:
            while waiting or running:
                for job in [job for job in waiting if done.issuperset(job.after)]:
                    waiting.remove(job)
                    begin(job, 0)
                if not running:
                    break  # what waits rests on a job that could not be done
                finished, _ = ray.wait(list(running), num_returns=1, timeout=_SECONDS_BETWEEN_LOOKS)
                _pass_on(ray, post, running.values())
                for reference in finished:
                    attempt = running.pop(reference)
                    attempt.relay.close()
                    error = _outcome(ray, reference)
                    if error is None:
                        done.add(attempt.job.name)
                    elif isinstance(error, _LostError) and attempt.number < RETRIES:
                        site.progress.message(
                            f"{attempt.job.name}: {error}; it begins again where it stopped "
                            f"({attempt.number + 1} of {RETRIES} times)",
                            "warning",
                        )
                        _wait_for_a_node(ray, demand, site)
                        begin(attempt.job, attempt.number + 1)
                    else:
                        failures.add(attempt.job.name, error)
        finally:
            for reference, attempt in running.items():
                attempt.relay.close()
                ray.cancel(reference, force=True)
        failures.raise_first(len(waiting))


class _LostError(RunError):
    """A job was lost with its process or its node."""


def import_ray() -> Any:
    """Return Ray.

    Raises:
        InputError: it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "Ray is not installed", where="--executor ray", fix="Install it: pip install 'forgetbench[ray]'."
        ) from error
    return ray


def _pass_on(ray: Any, post: Any, attempts: Iterable[_Attempt]) -> None:
    """Show what jobs told since the last look."""
    relays = {attempt.job.name: attempt.relay for attempt in attempts}
    try:
        lines = ray.get(post.take.remote(), timeout=_SECONDS_TO_ANSWER)
    except ray.exceptions.RayError:  # its node was lost, and it begins again without what it held
        return
    for job, line in lines:
        if job in relays:
            relays[job](line)


def _wait_for_a_node(ray: Any, demand: Demand, site: Site) -> None:
    """Tell if no node is left that can do the job; Ray keeps it until there is one."""
    if not any(map(demand.fits, _nodes(ray))):
        site.progress.message(f"no node is left that has {demand}: what is not done waits for one", "warning")


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


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    """Be a driver of the cluster, unless this process is one already."""
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS", "auto")
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(
            "no Ray cluster answers",
            where=f"RAY_ADDRESS, {address}" if "RAY_ADDRESS" in os.environ else None,
            found=str(error).strip().split("\n")[0],
            fix="Start one with `ray start --head`, or name one with RAY_ADDRESS.",
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _nodes(ray: Any) -> list[Node]:
    return [
        Node(
            node["NodeID"],
            node["NodeManagerHostname"],
            node["Resources"].get("CPU", 0),
            node["Resources"].get("GPU", 0),
        )
        for node in ray.nodes()
        if node["Alive"]
    ]


def _refuse_unfit_nodes(ray: Any, nodes: Sequence[Node], plan: Any, site: Site) -> None:
    """Refuse to begin where a node does not see the run's folder, data or weights, or has other versions."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    token = os.urandom(16).hex()
    mark = site.folder.path / f".{token}.part"  # half-written files are removed, should this process be killed
    mark.write_text(token, encoding="utf-8")
    asked = ray.remote(num_cpus=0, max_retries=1)(look)
    try:
        answers: Mapping[str, Any] = {
            node.name: asked.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False)).remote(
                plan, str(Path.cwd()), str(mark.absolute()), token, software()
            )
            for node in nodes
        }
        found: dict[str, str | None] = {}
        for name, answer in answers.items():
            try:
                found[name] = ray.get(answer, timeout=_SECONDS_TO_ANSWER)
            except ray.exceptions.RayError as error:
                found[name] = f"does not answer: {str(error).strip().splitlines()[-1]}"
    finally:
        mark.unlink(missing_ok=True)
    refuse_unfit(found, site.folder.path)
