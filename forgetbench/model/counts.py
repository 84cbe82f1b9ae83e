"""What detecting costs: parameters, operations and bytes of a model's modules, and of heads alone and joined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from forgetbench.model import yolo
from forgetbench.model.combined import join
from forgetbench.model.original import Original


@dataclass(frozen=True)
class Counts:
    """What one module costs.

    Attributes:
        parameters: Its parameters with BatchNorm folded into convolutions, as they are used.
        flops: Floating point operations for one square image, as `count_flops` counts them, BatchNorm folded in.
        bytes: Its tensors in a file of weights, float16.
    """

    parameters: int
    flops: int
    bytes: int


@dataclass(frozen=True)
class DetectorCounts:
    """What an original, a branch and both together are made of, under one kind of stacks of their heads.

    Attributes:
        trunk: Each module below the head; a branch's are as large.
        original, task, both: The original's head, the task head, and the head that has the levels of both.
    """

    trunk: Sequence[Counts]
    original: Counts
    task: Counts
    both: Counts


def count_detectors(original: Original, task_head: yolo.Yolo, imgsz: int, *, one_to_one: bool) -> DetectorCounts:
    """Count what combined detectors are made of; nothing is computed.

    Args:
        original: The original.
        task_head: A branch's head, whatever its values.
        imgsz: Side of the image in pixels; the next whole number of the largest stride is taken.
        one_to_one: Which of a head's stacks detect, where it has both; the others do not count.
    """
    stride = max(yolo.strides_of(original.model))
    side = math.ceil(imgsz / stride) * stride
    maps: dict[int, Tensor] = {}
    x, trunk = torch.zeros(1, 3, side, side, device="meta"), []
    for index, module in enumerate(original.modules[:-1]):
        counts, x = _count(module, maps, x)
        maps[index] = x
        trunk.append(counts)
    own, total = original.modules[-1], len(original.classes) + int(task_head.nc)
    first = range(len(original.classes))
    heads = (
        [(own, first)],
        [(task_head, range(task_head.nc))],
        [(task_head, range(len(first), total)), (own, first)],
    )
    found = []
    for joined in heads:
        outputs = sum(len(classes) for _, classes in joined)
        head = join(joined, outputs, one_to_one=one_to_one)
        head.f = [source for one, _ in joined for source in yolo.inputs_of(one)]
        found.append(_count(head, maps, x, one_to_one=one_to_one)[0])
    return DetectorCounts(trunk, *found)


def _count(module: nn.Module, maps: dict[int, Tensor], x: Tensor, *, one_to_one: bool = False) -> tuple[Counts, Tensor]:
    """Return what a module costs, and its output without values.

    Args:
        module: Any module.
        maps: Outputs of the modules before it, by index.
        x: The output of the one before it.
        one_to_one: Which of a head's stacks detect.
    """
    size = sum(
        tensor.numel() * (2 if tensor.is_floating_point() else tensor.element_size())
        for tensor in module.state_dict().values()
    )
    used: yolo.Yolo = yolo.fused_for_inference(module, one_to_one).to("meta")
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        output = yolo.run_modules([used], dict(maps), x, frozenset())
    parameters = sum(parameter.numel() for parameter in used.parameters())
    return Counts(parameters, int(counter.get_total_flops()), size), output
