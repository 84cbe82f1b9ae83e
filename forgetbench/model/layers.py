"""What a model is made of, module by module: the facts a freeze point is chosen by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from forgetbench.model import yolo
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
        flops: Floating point operations for one image (a multiply-add counts as two).
    """

    index: int
    kind: str
    sources: tuple[int, ...]
    part: str
    parameters: int
    trainable_share: float
    flops: int


def describe_layers(original: Original, imgsz: int = 640) -> list[Layer]:
    """Return the model's modules in order, with operations counted at imgsz x imgsz pixels."""
    modules = original.modules
    counts = [sum(parameter.numel() for parameter in module.parameters()) for module in modules]
    flops = count_flops(original, imgsz)
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


def count_flops(original: Original, imgsz: int) -> list[int]:
    """Return floating point operations per module for one square image, on whatever device the original is."""
    keep = yolo.saved_indices(original.model)
    outputs: dict[int, torch.Tensor] = {}
    x: torch.Tensor = torch.zeros(1, 3, imgsz, imgsz, device=next(original.model.parameters()).device)
    counted = []
    with torch.inference_mode():
        for module in original.modules:
            with FlopCounterMode(display=False) as counter:
                x = yolo.run_modules([module], outputs, x, keep)
            counted.append(int(counter.get_total_flops()))
    return counted
