"""One detector of one of a run's networks, as ordinary as the original: it can be trained further."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from forgetbench.model import yolo
from forgetbench.model.copies import copied
from forgetbench.model.original import Original


def single(original: Original, modules: Sequence[nn.Module], classes: Sequence[str], *, one_to_one: bool) -> yolo.Yolo:
    """Return an Ultralytics model of the original's architecture, float32 and in eval mode, with other modules.

    Args:
        original: Whose architecture it has.
        modules: All of its modules in order, filled; they are copied.
        classes: Names of its head's outputs.
        one_to_one: By which stacks a model with two heads detects until it is told otherwise; it keeps both.
    """
    model: yolo.Yolo = copied(original.model)
    model.model = nn.Sequential(*map(copied, modules))
    model.names = dict(enumerate(classes))
    model.yaml = {**model.yaml, "nc": len(classes)}
    if yolo.has_two_heads(model):
        model.model[-1].end2end = one_to_one
    return model.float().eval().requires_grad_(False)
