"""One detector of two: a branch, and the original's own modules from an attach point on, their heads joined in one.

It is an ordinary Ultralytics model. Its head has the levels of both heads, each with the box and class stacks it had; a
class stack's last convolution gets a row for each class of the other head that no image can set off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from forgetbench.model import yolo
from forgetbench.model.copies import copied
from forgetbench.model.original import Original

#: The bias of a class that a level does not answer for: a score of 1e-13, and a number that float16 holds.
SILENT = -30.0
#: What Ultralytics stops with where it is told to train such a file: it would build a model from this.
UNTRAINABLE = "a detector that forgetbench combined of two cannot be trained further: train the original, export again"


@dataclass(frozen=True)
class CombinedClasses:
    """The classes of a combined detector.

    Attributes:
        names: Of its outputs, the reference's first.
        reference, target: Which output each class of the two heads is, in the order of the head's own outputs.
    """

    names: tuple[str, ...]
    reference: tuple[int, ...]
    target: tuple[int, ...]


def combine_classes(reference: Sequence[str], target: Sequence[str], *, merge: bool, suffix: str) -> CombinedClasses:
    """Return the classes of two heads together.

    Args:
        reference, target: Class names of the original's head and of the task head.
        merge: Whether a target class of the same name as one of the reference's is the same output; else its name is
            followed by the suffix.
        suffix: Such as the name of the target's data.
    """
    names, outputs = list(reference), []
    for name in target:
        if merge and name in reference:
            outputs.append(list(reference).index(name))
            continue
        unique = name
        while unique in names:
            unique = f"{unique} ({suffix})"
        outputs.append(len(names))
        names.append(unique)
    return CombinedClasses(tuple(names), tuple(range(len(reference))), tuple(outputs))


def combine(
    original: Original,
    branch: Sequence[nn.Module],
    freeze_point: int,
    attach: int,
    classes: CombinedClasses,
    *,
    one_to_one: bool,
) -> yolo.Yolo:
    """Return an Ultralytics model, float32 and in eval mode, that detects what both heads detect.

    Args:
        original: Whose modules below the freeze point are shared.
        branch: Modules F … H-1 and the task head, filled.
        freeze_point: Index F of the first module of `branch`.
        attach: Index A, F ≤ A ≤ H, of the first module that the reference's head has of the original's own.
        classes: What its outputs are.
        one_to_one: Which stacks of a model with two heads it has; false for a model with one.
    """
    end = original.head
    shift = end - attach
    # where both trunks begin at the image, it is kept as the output of a module that does nothing
    images = [_image_module()] if attach == 0 else []

    def at(index: int) -> int:
        return index + len(images)

    def moved(index: int) -> int:
        return at(index) + (shift if index >= attach else 0)

    modules: list[yolo.Yolo] = [*images]
    for index, module in enumerate((*original.modules[:freeze_point], *branch[:-1])):
        modules.append(_wired(module, at(index), map(at, yolo.inputs_of(module))))
    for index, module in enumerate(original.modules[attach:end], attach):
        modules.append(_wired(module, moved(index), map(moved, yolo.inputs_of(module))))
    task, own = branch[-1], original.modules[-1]
    sources = [*map(at, yolo.inputs_of(task)), *map(moved, yolo.inputs_of(own))]
    both = ((task, classes.target), (own, classes.reference))
    head = _wired(join(both, len(classes.names), one_to_one=one_to_one), moved(end), sources)
    model: yolo.Yolo = copied(original.model)
    model.model = nn.Sequential(*modules, head)
    model.save = sorted({source for module in model.model for source in yolo.sources_of(module) if source != -1})
    model.stride, model.names = head.stride, dict(enumerate(classes.names))
    model.yaml = {"nc": len(classes.names), "channels": 3, "backbone": [[-1, 1, UNTRAINABLE, []]], "head": []}
    return model.float().eval().requires_grad_(False)


def _image_module() -> yolo.Yolo:
    """Return a module that gives what it is given, as index 0."""
    made: yolo.Yolo = nn.Identity()
    made.i, made.f, made.np, made.type = 0, -1, 0, "torch.nn.modules.linear.Identity"
    return made


def _wired(module: yolo.Yolo, index: int, sources: Iterable[int]) -> yolo.Yolo:
    """Return a copy of a module that says where it stands and what it takes; -1 is the module before it."""
    made: yolo.Yolo = copied(module)
    found = [-1 if source == index - 1 else source for source in sources]
    made.i, made.f = index, found[0] if isinstance(module.f, int) else found
    return made


def join(heads: Sequence[tuple[yolo.Yolo, Sequence[int]]], total: int, *, one_to_one: bool) -> yolo.Yolo:
    """Return one head with the levels of several, and with one kind of their stacks.

    Args:
        heads: Each with which output its classes become.
        total: How many outputs there are.
        one_to_one: Which stacks, where they have both.
    """
    used, unused = ("one2one_", "") if one_to_one else ("", "one2one_")
    head: yolo.Yolo = copied(heads[0][0])
    boxes = [copied(stack) for one, _ in heads for stack in getattr(one, f"{used}cv2")]
    scores = [_widened(stack, total, outputs) for one, outputs in heads for stack in getattr(one, f"{used}cv3")]
    for name, stacks in (("cv2", boxes), ("cv3", scores)):
        setattr(head, f"{used}{name}", nn.ModuleList(stacks))
        if hasattr(head, f"{unused}{name}"):
            setattr(head, f"{unused}{name}", None)
    head.nc, head.nl, head.no = total, len(boxes), total + 4 * head.reg_max
    head.stride = torch.cat([one.stride for one, _ in heads])
    head.shape = None  # the anchors of images seen before are those of fewer levels
    return head


def _widened(stack: nn.Module, total: int, outputs: Sequence[int]) -> nn.Module:
    """Return a copy of one level's class stack with other outputs, in which those it does not have are silent."""
    made = cast(nn.Sequential, copied(stack))
    last: yolo.Yolo = made[-1]
    wide: yolo.Yolo = nn.Conv2d(last.in_channels, total, last.kernel_size, last.stride, last.padding).to(last.weight)
    with torch.no_grad():
        wide.weight.zero_()
        wide.bias.fill_(SILENT)
        wide.weight[list(outputs)] = last.weight
        wide.bias[list(outputs)] = last.bias
    made[-1] = wide
    return made
