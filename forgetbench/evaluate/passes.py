"""One pass over a dataset for many networks: decode once, run every shared prefix once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from forgetbench.data.dataset import Dataset
from forgetbench.device import image_batch, to_device
from forgetbench.evaluate.detections import Detections, gather
from forgetbench.evaluate.images import ImageBatch, Shape, batches
from forgetbench.evaluate.networks import ModuleShelf, Network
from forgetbench.evaluate.nms import select, suppress
from forgetbench.model import yolo


@dataclass(frozen=True)
class EvaluationSettings:
    """Everything besides the network and the data that decides detections.

    Attributes:
        imgsz: Longer side of the resized image in pixels.
        shape: `rect` or `square` canvas.
        batch: Images per forward.
        conf, iou, max_det: Score threshold, suppression overlap, most detections per image.
    """

    imgsz: int
    shape: Shape
    batch: int
    conf: float
    iou: float
    max_det: int


@dataclass
class _Node:
    """One module in the tree of shared prefixes; `network` is set where a head ends one."""

    module: nn.Module
    children: list[_Node]
    network: Network | None = None


def evaluate(
    shelf: ModuleShelf,
    networks: Sequence[Network],
    dataset: Dataset,
    settings: EvaluationSettings,
    device: torch.device,
    on_batch: Callable[[int], None] | None = None,
) -> dict[Network, Detections]:
    """Return every network's detections on every image of a dataset.

    Networks are laid out as a tree by their leading modules, and the tree is walked depth first for each batch: a
    module that several networks start with runs once, and only outputs on the current path are in memory.

    Args:
        shelf: Holds the networks' modules.
        networks: Different networks off the shelf.
        dataset: Images to run on.
        settings: Image size, thresholds and limits.
        device: Where to run.
        on_batch: Called with the number of images done so far.
    """
    root = _plant(shelf, networks, settings, device)
    keep = yolo.saved_indices(shelf.original.model)
    stride = max(yolo.strides_of(shelf.original.model))
    parts: dict[Network, list[tuple[int, NDArray[np.float32]]]] = {network: [] for network in networks}
    done = 0
    with torch.inference_mode():
        for batch in batches(
            dataset.samples, imgsz=settings.imgsz, stride=stride, shape=settings.shape, batch=settings.batch
        ):
            for node in root:
                _walk(node, {}, image_batch(batch.pixels, device), keep, batch, settings, parts)
            done += len(batch.indices)
            if on_batch is not None:
                on_batch(done)
    return {network: gather(found) for network, found in parts.items()}


def _plant(
    shelf: ModuleShelf, networks: Sequence[Network], settings: EvaluationSettings, device: torch.device
) -> list[_Node]:
    roots: list[_Node] = []
    nodes: dict[tuple[str, ...], _Node] = {}
    for network in networks:
        siblings = roots
        for depth, key in enumerate(network.modules):
            is_head = depth == len(network.modules) - 1
            place = (*network.modules[: depth + 1], network.head) if is_head else network.modules[: depth + 1]
            if place not in nodes:
                module = to_device(shelf.fused(key, is_head and network.head == "one-to-one"), device)
                if is_head:
                    yolo.set_max_detections(module, settings.max_det)
                nodes[place] = _Node(module, [], network if is_head else None)
                siblings.append(nodes[place])
            siblings = nodes[place].children
    return roots


def _walk(
    node: _Node,
    outputs: dict[int, Tensor],
    x: Tensor,
    keep: frozenset[int],
    batch: ImageBatch,
    settings: EvaluationSettings,
    parts: dict[Network, list[tuple[int, NDArray[np.float32]]]],
) -> None:
    """Run a node and everything below it; `outputs` are those of the nodes above."""
    outputs = dict(outputs)
    x = yolo.run_modules([node.module], outputs, x, keep)
    if node.network is not None:
        predictions = x[0]
        if predictions.shape[-1] == 6 and node.network.head == "one-to-one":
            found = select(predictions, conf=settings.conf, max_det=settings.max_det)
        else:
            found = suppress(predictions, conf=settings.conf, iou=settings.iou, max_det=settings.max_det)
        for index, letterbox, rows in zip(batch.indices, batch.letterboxes, found, strict=True):
            rows = torch.cat([letterbox.to_original(rows[:, :4]), rows[:, 4:]], dim=1)
            parts[node.network].append((index, rows.cpu().numpy()))
    for child in node.children:
        _walk(child, outputs, x, keep, batch, settings, parts)
