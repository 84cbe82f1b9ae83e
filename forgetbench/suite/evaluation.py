"""What a suite says of evaluation, its defaults filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forgetbench.suite.kinds import HeadMode, Shape
from forgetbench.suite.schema import Suite


@dataclass(frozen=True)
class EvaluationSettings:
    """Everything besides the network and the data that decides detections.

    Attributes:
        imgsz: Longer side of the resized image in pixels.
        shape: `rect` or `square` canvas.
        batch: Most images per forward; workers on a CPU take fewer each.
        conf, iou, max_det: Score threshold, suppression overlap, most detections per image.
    """

    imgsz: int
    shape: Shape
    batch: int
    conf: float
    iou: float
    max_det: int


def evaluation_settings(suite: Suite) -> EvaluationSettings:
    """Return a suite's evaluation settings, defaults filled in."""
    chosen = suite.evaluation
    return EvaluationSettings(
        imgsz=chosen.imgsz or suite.train.imgsz,
        shape=chosen.shape,
        batch=chosen.batch,
        conf=chosen.conf,
        iou=chosen.iou,
        max_det=chosen.max_det,
    )


def scored_heads(heads: Sequence[HeadMode], *, two_heads: bool) -> list[HeadMode]:
    """Return which of a model's heads are scored.

    Args:
        heads: The suite's `evaluation.heads`.
        two_heads: Whether the model has both; one with one head has only one-to-many.
    """
    return list(heads) if two_heads else ["one-to-many"]
