"""A Ray cluster: being a driver of it, its nodes, and what each lacks."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from forgetbench.errors import InputError, RunError
from forgetbench.sweep.executors.nodes import Node
from forgetbench.sweep.executors.ray_tasks import Asked, look

#: Seconds for what lives in the cluster to answer.
SECONDS_TO_ANSWER = 120.0
_SECONDS_TO_CONNECT = 10.0


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


@contextmanager
def connected(ray: Any) -> Iterator[None]:
    """Be a driver of the cluster, unless this process is one already."""
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS", "auto")
    try:
        _require_answer(address)
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            "no Ray cluster answers",
            where=f"RAY_ADDRESS, {address}" if "RAY_ADDRESS" in os.environ else None,
            found=str(error).strip().split("\n")[0],
            fix="Start one with `ray start --head`, or name one with RAY_ADDRESS.",
        ) from error
    try:
        yield
    except ray.exceptions.RayError as error:
        raise RunError(
            "the connection to the Ray cluster was lost",
            found=str(error).strip().split("\n")[0],
            fix="See that its head is there; the same command goes on where it stopped.",
        ) from error
    finally:
        ray.shutdown()


def _require_answer(address: str) -> None:
    """Raise at once where nothing listens at a host and a port; Ray tries for minutes, and then ends the process."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS_TO_CONNECT):
            pass


def nodes_of(ray: Any) -> list[Node]:
    """Return the nodes that are alive."""
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


def what_each_lacks(ray: Any, nodes: Sequence[Node], plan: Any, asked: Asked) -> dict[str, str | None]:
    """Return why each node cannot do jobs, None where it can, by what it is called.

    One that is lost while it is asked, or does not answer, is left out: a job that comes to it asks again.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=1)(look)
    answers = {}
    for node in nodes:
        strategy = NodeAffinitySchedulingStrategy(node.id, soft=False)
        answers[f"{node.name} ({node.id[:8]})"] = task.options(scheduling_strategy=strategy).remote(plan, asked)
    found: dict[str, str | None] = {}
    for name, answer in answers.items():
        with suppress(ray.exceptions.RayError):
            found[name] = ray.get(answer, timeout=SECONDS_TO_ANSWER)
    return found
