"""How long detecting takes on this machine: several detectors in turn, so that all meet the same circumstances."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import TypeVar

import torch
from torch import Tensor, nn

from forgetbench.device import image_batch, synchronise, to_device
from forgetbench.model import yolo

#: A detector's forward, from one image (1, 3, H, W) in [0, 1].
Forward = Callable[[Tensor], object]
Name = TypeVar("Name", bound=Hashable)
#: Rounds before those that count.
WARM_UP = 3


@dataclass(frozen=True)
class Latency:
    """Seconds of one image's forward, without loading and suppression.

    Attributes:
        median, low, high: Median and quartiles over rounds.
        ratio: Median over rounds of its time over that of the baseline in the same round.
    """

    median: float
    low: float
    high: float
    ratio: float


def forward_of(
    modules: Sequence[nn.Module], keep: frozenset[int], device: torch.device, *, one_to_one: bool
) -> Forward:
    """Return the forward of a network, BatchNorm folded in.

    Args:
        modules: Its modules in order, the head last.
        keep: Indices whose outputs later modules take.
        device: Where it runs.
        one_to_one: Which of a head's stacks detect, where it has both.
    """
    ready = [to_device(yolo.fused_for_inference(module, one_to_one), device) for module in modules]
    return lambda image: yolo.run_modules(ready, {}, image, keep)


def measure(
    detectors: Mapping[Name, Forward],
    baseline: Name,
    imgsz: int,
    device: torch.device,
    *,
    rounds: int,
    advance: Callable[[int], None],
) -> dict[Name, Latency]:
    """Return the latency of detectors; in every round each runs once, beginning with another one.

    Args:
        detectors: By name.
        baseline: The one whose time others are divided by.
        imgsz: Side of the square image in pixels.
        device: Where they run.
        rounds: How many count; at least two.
        advance: Told how many rounds are done.
    """
    image = image_batch(torch.full((1, 3, imgsz, imgsz), 114, dtype=torch.uint8), device)
    seconds: dict[Name, list[float]] = {name: [] for name in detectors}
    names = list(detectors)
    with torch.inference_mode():
        for number in range(-WARM_UP, rounds):
            first = number % len(names)
            for name in (*names[first:], *names[:first]):
                synchronise(device)
                began = time.perf_counter()
                detectors[name](image)
                synchronise(device)
                if number >= 0:
                    seconds[name].append(time.perf_counter() - began)
            advance(max(number + 1, 0))
    found = {}
    for name, mine in seconds.items():
        low, median, high = quantiles(mine, n=4, method="inclusive")
        ratios = [one / other for one, other in zip(mine, seconds[baseline], strict=True)]
        found[name] = Latency(median, low, high, quantiles(ratios, n=4, method="inclusive")[1])
    return found
