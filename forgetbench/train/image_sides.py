"""The sides of training images: multiples of the model's stride, and how small they can get."""

from __future__ import annotations

from forgetbench.model import yolo
from forgetbench.model.original import Original
from forgetbench.suite.train_section import Train


def smallest_side(train: Train, stride: int) -> int:
    """Return the side in pixels of the smallest images that a training sees: `imgsz`, or less with `multi_scale`.

    Args:
        train: The training section.
        stride: What sides are whole numbers of, see `stride_of`.
    """
    scale = float(train.augment.get("multi_scale", 0))
    return max(stride, int(train.imgsz * (1 - scale))) // stride * stride if scale > 0 else train.imgsz


def largest_side(train: Train, stride: int) -> int:
    """Return the side in pixels of the largest images that a training sees: `imgsz`, or more with `multi_scale`."""
    scale = float(train.augment.get("multi_scale", 0))
    return int(train.imgsz * (1 + scale) + stride - 1) // stride * stride if scale > 0 else train.imgsz


def stride_of(original: Original) -> int:
    """Return what sides of training images are whole numbers of: the model's largest stride, 32 at least."""
    return max(*yolo.strides_of(original.model), 32)
