"""How far networks' features have moved from the original's, module by module, on images that both see."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from forgetbench.data.dataset import Sample
from forgetbench.device import decoding_threads, image_batch, to_device
from forgetbench.evaluate.cka import LEAST_IMAGES, MinibatchCKA, gram
from forgetbench.evaluate.letterbox import Letterbox, decoded, plan_letterbox
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.model import yolo
from forgetbench.suite.evaluation import EvaluationSettings

#: Images looked at, from the first on: less work than a twentieth of COCO val2017, whose evaluation bears it.
MOST_IMAGES = 256
#: Most and least images of a minibatch where there are enough; `evaluation.batch` chooses between them.
LARGEST_MINIBATCH, SMALLEST_MINIBATCH = 16, 8


@dataclass(frozen=True)
class FeatureDrift:
    """How far one module's output moved.

    Attributes:
        cka: Linear CKA with the original's output, None where one of them does not vary or is no feature map.
        distance: Frobenius norm of the difference over that of the original's output, None where that is zero.
        images: How many images were looked at.
    """

    cka: float | None
    distance: float | None
    images: int


@dataclass
class _Sums:
    """What is known of one module of one network after some minibatches."""

    cka: MinibatchCKA = field(default_factory=MinibatchCKA)
    moved: float = 0.0
    size: float = 0.0
    images: int = 0
    differs: bool = False

    def drift(self) -> FeatureDrift:
        if not self.images:
            return FeatureDrift(None, None, 0)
        if not self.differs:  # the very same modules saw the very same inputs
            return FeatureDrift(1.0, 0.0, self.images)
        distance = math.sqrt(self.moved / self.size) if self.size > 0 else math.nan
        return FeatureDrift(self.cka.value, distance if math.isfinite(distance) else None, self.images)


class Features:
    """One module's output on a minibatch, and what is made of it where somebody needs that."""

    def __init__(self, output: Tensor) -> None:
        self._output = output

    @cached_property
    def flat(self) -> Tensor:
        """One row for each image, its elements in one order whatever the layout of the output is."""
        return self._output.flatten(1).float().contiguous()

    @cached_property
    def gram(self) -> NDArray[np.float64]:
        """Inner products of the images, (images, images)."""
        return gram(self.flat)

    @cached_property
    def size(self) -> float:
        """The squared norm of all elements."""
        return _square(self.flat)


class _Side:
    """One network on its way through a minibatch."""

    def __init__(self, images: Tensor) -> None:
        self._outputs: dict[int, Any] = {}
        self.last: Any = images

    def inputs(self, module: nn.Module) -> list[Any]:
        return [self.last if source == -1 else self._outputs[source] for source in yolo.sources_of(module)]

    def run(self, module: nn.Module, keep: frozenset[int]) -> None:
        self.last = yolo.run_modules([module], self._outputs, self.last, keep)

    def take(self, output: Any, index: int, keep: frozenset[int]) -> None:
        self.last = output
        if index in keep:
            self._outputs[index] = output


def feature_drift(
    store: ModuleStore,
    networks: Sequence[Network],
    samples: Sequence[Sample],
    settings: EvaluationSettings,
    device: torch.device,
    on_batch: Callable[[int], None] | None = None,
) -> dict[Network, list[FeatureDrift]]:
    """Return the drift of every module before the head, for each of several networks of one model.

    All networks and the original go through a minibatch side by side, one module at a time, and what is the same so far
    runs once. In memory are the outputs that modules ahead still take, of one minibatch and of each network.

    Args:
        store: Holds the networks' modules.
        networks: Different networks whose modules the store holds.
        samples: Images to look at, see `minibatches` for which of them are used.
        settings: Image size and canvas are those of the evaluation.
        device: Where to run.
        on_batch: Called with the number of images done so far.
    """
    trunk = store.original_keys[:-1]
    keys = dict.fromkeys([*trunk, *(key for network in networks for key in network.modules[:-1])])
    modules = {key: to_device(store.fused(key), device) for key in keys}
    keep = yolo.saved_indices(store.original.model)
    sums = {network: [_Sums() for _ in trunk] for network in networks}
    stride = max(yolo.strides_of(store.original.model))
    plans = [plan_letterbox(s.width, s.height, settings.imgsz, stride, settings.shape) for s in samples]
    done = 0
    for batch in decoded(samples, plans, minibatches(plans, settings.batch), decoding_threads(device)):
        with torch.inference_mode():
            images = image_batch(batch.pixels, device)
            original, sides = _Side(images), {network: _Side(images) for network in networks}
            for index, key in enumerate(trunk):
                _advance(index, key, modules, keep, original, sides, sums)
        done += len(batch.indices)
        if on_batch is not None:
            on_batch(done)
    return {network: [of_module.drift() for of_module in of_network] for network, of_network in sums.items()}


def _advance(
    index: int,
    key: str,
    modules: dict[str, nn.Module],
    keep: frozenset[int],
    original: _Side,
    sides: dict[Network, _Side],
    sums: dict[Network, list[_Sums]],
) -> None:
    """Run the module at an index of every network, and compare its output with the original's."""
    module = modules[key]
    inputs = original.inputs(module)
    original.run(module, keep)
    is_map = yolo.gives_one_map(module)
    before = Features(original.last)
    for network, side in sides.items():
        own = network.modules[index]
        if own == key and all(mine is its for mine, its in zip(side.inputs(module), inputs, strict=True)):
            side.take(original.last, index, keep)
        else:
            side.run(modules[own], keep)
            if is_map:
                _compare(before, Features(side.last), sums[network][index])
        if is_map:
            sums[network][index].images += len(original.last)


def _compare(before: Features, after: Features, sums: _Sums) -> None:
    sums.differs = True
    sums.cka.add(before.gram, after.gram)
    sums.moved += _square(after.flat - before.flat)
    sums.size += before.size


def _square(values: Tensor) -> float:
    return float(torch.linalg.vector_norm(values)) ** 2


def minibatches(plans: Sequence[Letterbox], batch: int) -> list[list[int]]:
    """Divide the first images into minibatches of one canvas each, in which features have one shape.

    Of each canvas the minibatches are as even as can be. Images with fewer than three others of their canvas are left
    out, since CKA cannot be estimated from them.

    Args:
        plans: How each image is placed.
        batch: Most images of a minibatch, within `SMALLEST_MINIBATCH` and `LARGEST_MINIBATCH`.

    Returns:
        Positions of images.
    """
    size = min(max(batch, SMALLEST_MINIBATCH), LARGEST_MINIBATCH)
    by_canvas: dict[tuple[int, int], list[int]] = {}
    for index, plan in enumerate(plans[:MOST_IMAGES]):
        by_canvas.setdefault(plan.canvas, []).append(index)
    return [
        [int(index) for index in chunk]
        for group in by_canvas.values()
        if len(group) >= LEAST_IMAGES
        for chunk in np.array_split(group, math.ceil(len(group) / size))
    ]
