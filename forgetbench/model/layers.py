"""What a model is made of, module by module: the facts a freeze point is chosen by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from forgetbench.model import yolo
from forgetbench.model.copies import copied
from forgetbench.model.original import Original


@dataclass(frozen=True)
class Layer:
    """One module of a model.

    Attributes:
        index: Position, as in `model.<index>`.
        kind: Class name of the module.
        sources: Indices of the modules it takes its input from (-1: the one before).
        part: `backbone`, `neck` or `head`.
        parameters: Number of parameters.
        trainable_share: Share of all parameters that trains when the freeze point is this index.
        flops: Floating point operations for one image, see `count_flops`.
    """

    index: int
    kind: str
    sources: tuple[int, ...]
    part: str
    parameters: int
    trainable_share: float
    flops: int


def describe_layers(original: Original, imgsz: int = 640) -> list[Layer]:
    """Return the original's modules in order, its own head among them, counted at imgsz x imgsz pixels."""
    modules = original.modules
    counts = [sum(parameter.numel() for parameter in module.parameters()) for module in modules]
    flops = count_flops(original.model, imgsz)
    total = sum(counts)
    return [
        Layer(
            index=index,
            kind=type(module).__name__,
            sources=tuple(yolo.sources_of(module)),
            part="backbone" if index < original.neck else "neck" if index < original.head else "head",
            parameters=counts[index],
            trainable_share=sum(counts[index:]) / total,
            flops=flops[index],
        )
        for index, module in enumerate(modules)
    ]


def count_flops(model: yolo.Yolo, imgsz: int) -> list[int]:
    """Return floating point operations per module for one square image, on whatever device the model is.

    Its side is imgsz, or the next whole number of the model's largest stride. Convolutions and matrix products are
    counted, a multiply-add as two. thop, the usual counter, adds BatchNorm, 1.3 %
    more for YOLOv8n.
    """
    keep = yolo.saved_indices(model)
    outputs: dict[int, torch.Tensor] = {}
    stride = max(yolo.strides_of(model))
    side = math.ceil(imgsz / stride) * stride
    x: torch.Tensor = torch.zeros(1, 3, side, side, device=next(model.parameters()).device)
    counted = []
    with torch.inference_mode():
        for module in yolo.modules_of(model):
            run = copied(module)  # a head keeps anchors of the images it last saw, on their device
            with FlopCounterMode(display=False) as counter:
                x = yolo.run_modules([run], outputs, x, keep)
            counted.append(int(counter.get_total_flops()))
    return counted
