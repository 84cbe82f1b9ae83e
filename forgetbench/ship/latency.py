"""How long detecting takes on this machine: several detectors in turn, so that all meet the same circumstances."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import TypeVar

import torch
from torch import Tensor, nn

from forgetbench.device import image_batch, synchronise, to_device
from forgetbench.model import yolo
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress

#: A detector's forward, from one image (1, 3, H, W) in [0, 1].
Forward = Callable[[Tensor], object]
Name = TypeVar("Name", bound=Hashable)
#: Rounds before those that count, and those that do; in each, every detector runs once.
WARM_UP, ROUNDS = 3, 30
#: What combined detectors are held against.
ORIGINAL, TWO = "the original alone", "two models"


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


def two_models(plan: Plan, arm: Arm, device: torch.device, *, one_to_one: bool) -> dict[Hashable, Forward]:
    """Return the forwards that an arm's combined detectors are held against: `ORIGINAL` and `TWO`.

    The values of weights play no part in it.
    """
    original = plan.originals[arm.model]
    keep = yolo.saved_indices(original.model)
    own = forward_of(original.modules, keep, device, one_to_one=one_to_one)
    task = forward_of(list(plan.blank(arm).modules), keep, device, one_to_one=one_to_one)
    return {ORIGINAL: own, TWO: lambda image: (own(image), task(image))}


def time_in_turn(
    plan: Plan, model: str, detectors: Mapping[Hashable, Forward], device: torch.device, progress: Progress
) -> dict[Hashable, Latency]:
    """Return the latency of one model's detectors, `TWO` among them, on square images of the evaluation's size."""
    stride = max(yolo.strides_of(plan.originals[model].model))
    side = math.ceil(plan.settings().imgsz / stride) * stride
    with progress.task(f"timing {len(detectors)} detectors of {model}", ROUNDS, "round") as advance:
        return measure(detectors, TWO, side, device, rounds=ROUNDS, advance=lambda done: advance(done, ""))
