"""Networks as a tree of their leading modules, so that modules which several networks start with run once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from forgetbench.device import to_device
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.model import yolo


@dataclass(frozen=True)
class Segment:
    """Consecutive modules that exactly the same networks run.

    Attributes:
        modules: Modules in order, fused for inference.
        below: What follows, a segment for each way that networks part; empty where a head ends them.
        kept: Indices of modules whose outputs the segment itself or one below takes.
        needed: Those that segments below take, beside the last output.
        network: The network that ends here, None where some follow.
    """

    modules: tuple[nn.Module, ...]
    below: tuple[Segment, ...]
    kept: frozenset[int]
    needed: frozenset[int]
    network: Network | None


def build_tree(
    store: ModuleStore, networks: Sequence[Network], max_det: int, device: torch.device
) -> tuple[Segment, ...]:
    """Return the tree of some networks of one model, made of copies of their modules on the device.

    Args:
        store: Holds the networks' modules.
        networks: Different networks whose modules the store holds.
        max_det: Most detections that a one-to-one head gives per image.
        device: Where they will run.
    """

    copies: dict[tuple[str, bool], nn.Module] = {}

    def copy_of(key: str, one_to_one: bool = False) -> nn.Module:
        """Return one copy of a module, wherever in the tree it runs: the original's head ends many networks."""
        if (key, one_to_one) not in copies:
            copies[key, one_to_one] = to_device(store.fused(key, one_to_one), device)
        return copies[key, one_to_one]

    def grow(group: Sequence[Network], start: int) -> Iterator[Segment]:
        for sharing in _split(group, start):
            first, end = sharing[0], start + 1
            while end < len(first.modules) and len(_split(sharing, end)) == 1:
                end += 1
            ends = end == len(first.modules)
            modules = [copy_of(key) for key in first.modules[start : end - ends]]
            if ends:
                head = copy_of(first.modules[-1], first.head == "one-to-one")
                yolo.set_max_detections(head, max_det)
                modules.append(head)
            needed = _taken(store.modules_of(first)[end:])
            kept = needed | _taken(modules)
            below = () if ends else tuple(grow(sharing, end))
            yield Segment(tuple(modules), below, kept, needed, first if ends else None)

    return tuple(grow(networks, 0))


def copy_for_thread(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return the same tree for another thread: weights are shared, but a head keeps its anchors to itself."""
    return tuple(
        replace(
            segment,
            modules=segment.modules if segment.network is None else (*segment.modules[:-1], copy(segment.modules[-1])),
            below=copy_for_thread(segment.below),
        )
        for segment in segments
    )


def _split(networks: Sequence[Network], index: int) -> list[list[Network]]:
    """Group networks by the module they run at an index; heads also by which stacks are asked for."""
    groups: dict[tuple[str, str | None], list[Network]] = {}
    for network in networks:
        head = network.head if index == len(network.modules) - 1 else None
        groups.setdefault((network.modules[index], head), []).append(network)
    return list(groups.values())


def walk(segments: Sequence[Segment], images: Tensor) -> Iterator[tuple[Network, Tensor]]:
    """Run images (B, 3, H, W) through every network, depth first, and yield each one's predictions.

    In memory are the outputs that the current path still needs, not those of every module on it.
    """
    yield from _walk(segments, {}, images)


def _walk(segments: Sequence[Segment], above: dict[int, Tensor], x: Tensor) -> Iterator[tuple[Network, Tensor]]:
    for segment in segments:
        outputs = dict(above)
        last = yolo.run_modules(segment.modules, outputs, x, segment.kept)
        if segment.network is not None:
            yield segment.network, last[0]
        else:
            outputs = {index: output for index, output in outputs.items() if index in segment.needed}
            yield from _walk(segment.below, outputs, last)


def _taken(modules: Iterable[nn.Module]) -> frozenset[int]:
    """Return the indices whose outputs modules take."""
    return frozenset(source for module in modules for source in yolo.sources_of(module))
