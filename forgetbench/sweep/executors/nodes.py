"""The nodes of a cluster: what a job asks of one, and whether each can do the jobs of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forgetbench.errors import InputError, counted
from forgetbench.files import regular_bytes
from forgetbench.plan.plan import Plan
from forgetbench.sweep.provenance import software

#: More cores than these do not help a job that computes on a GPU: they load images.
MOST_LOADING = 8
_MOST_OF_A_MARK = 1 << 10


@dataclass(frozen=True)
class Node:
    """A node of a cluster, and what it has in all."""

    id: str
    name: str
    cpus: float
    gpus: float


@dataclass(frozen=True)
class Demand:
    """What a job asks of its node."""

    cpus: int
    gpus: float = 0

    @classmethod
    def usual(cls, nodes: Sequence[Node], threads: int, *, gpu: bool) -> Demand:
        """Return what suits: as many cores as threads; with a GPU, the cores there are for each."""
        if not gpu:
            return cls(threads)
        shares = [int(node.cpus // node.gpus) for node in nodes if node.gpus >= 1]
        return cls(max(1, min([MOST_LOADING, *shares])), 1)

    def fits(self, node: Node) -> bool:
        """Tell whether a node without other work has it."""
        return node.cpus >= self.cpus and node.gpus >= self.gpus

    def options(self) -> dict[str, float]:
        """Return it as Ray takes it."""
        return {"num_cpus": self.cpus, "num_gpus": self.gpus}

    def __str__(self) -> str:
        cores = counted(self.cpus, "core", "cores")
        return f"{cores} and {self.gpus:g} of a GPU" if self.gpus else cores


def refuse_if_none_fits(demand: Demand, nodes: Sequence[Node]) -> None:
    """Refuse to ask for what no node has, which would wait for ever.

    Raises:
        InputError: no node has it.
    """
    if not any(map(demand.fits, nodes)):
        raise InputError(
            "no node of the cluster has what a job asks for",
            expected=str(demand),
            found=", ".join(f"{node.name}: {node.cpus:g} cores, {node.gpus:g} GPUs" for node in nodes[:5]) or "no node",
            fix="Ask for less with --job-cpus and --job-gpus, or start such a node first.",
        )


def what_is_unfit(plan: Plan, mark: Path, token: str, software_there: Mapping[str, Any]) -> str | None:
    """Return why this node cannot do the jobs of a run, None if it can.

    Args:
        plan: What the run does.
        mark: A file that whoever asks has written, in the folder where files of the run go.
        token: What is in it.
        software_there: The versions of whoever asks.
    """
    other = [
        f"{name} {here or 'missing'} instead of {software_there.get(name) or 'none'}"
        for name, here in software().items()
        if here != software_there.get(name)
    ]
    if other:
        return f"it has {', '.join(other)}"
    try:
        shared = regular_bytes(mark, _MOST_OF_A_MARK) == token.encode()
    except OSError:
        shared = False
    if not shared:
        return f"{mark.parent} is not the same folder there"
    if not os.access(mark.parent, os.W_OK):
        return f"{mark.parent} cannot be written there"
    missing = next((path for path in _needed(plan) if not path.is_file()), None)
    return f"{missing} is not there" if missing is not None else None


def refuse_unfit(found: Mapping[str, str | None], run: Path) -> None:
    """Refuse to begin where a node cannot do the jobs of a run.

    Args:
        found: What is unfit by name of the node.
        run: The run folder.

    Raises:
        InputError: there is such a node.
    """
    unfit = {name: problem for name, problem in found.items() if problem is not None}
    if unfit:
        raise InputError(
            f"{counted(len(unfit), 'node', 'nodes')} of {len(found)} cannot do jobs of this run",
            where=run,
            expected="the same versions, and run folder, data, weights and cache under the same paths on all nodes",
            found="; ".join(f"on {name}, {problem}" for name, problem in list(unfit.items())[:3]),
            fix="Put them on a disk that all nodes reach (-o, FORGETBENCH_CACHE), or stop that node.",
        )


def _needed(plan: Plan) -> Iterator[Path]:
    """Yield weights, and a first and a last image of each dataset: a folder that is reached is there as a whole."""
    yield from plan.originals.paths()
    for dataset in (plan.target.train, plan.target.evaluate, *plan.reference.values()):
        if dataset is not None and dataset.samples:
            yield dataset.samples[0].image
            yield dataset.samples[-1].image
