"""A detection head's raw outputs: class logits and box distributions, before boxes are decoded from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from forgetbench.model import yolo


@dataclass(frozen=True)
class HeadOutputs:
    """The raw outputs of one kind of a head's stacks, float32, levels joined in the order of their strides.

    Attributes:
        boxes: (B, 4 · bins, anchors), logits of the distributions over each side's distance; one bin is the distance.
        scores: (B, classes, anchors), logits.
        features: What the head took, a map (B, channels, h, w) for each level.
    """

    boxes: Tensor
    scores: Tensor
    features: Sequence[Tensor]

    def as_predictions(self) -> dict[str, Any]:
        """Return them in the form that Ultralytics' losses take."""
        return {"boxes": self.boxes, "scores": self.scores, "feats": self.features}


def head_inputs(model: yolo.Yolo) -> list[int]:
    """Return the indices of the modules whose outputs the head takes."""
    return yolo.inputs_of(yolo.modules_of(model)[-1])


def run_head(head: yolo.Yolo, features: Sequence[Tensor], *, one_to_one: bool = False) -> HeadOutputs:
    """Return a head's raw outputs for feature maps, one per level; gradients pass to them from either stacks.

    Args:
        head: A Detect head in eval mode.
        features: What it takes.
        one_to_one: Its one-to-one stacks, where it has them, instead of the one-to-many stacks.
    """
    stacks = head.one2one if one_to_one else head.one2many
    return _outputs(head.forward_head(list(features), **stacks))


def head_outputs(predictions: Mapping[str, Any], *, one_to_one: bool = False) -> HeadOutputs:
    """Return the raw outputs within what a head gives in training."""
    if "one2many" in predictions:
        predictions = predictions["one2one" if one_to_one else "one2many"]
    return _outputs(predictions)


def one_to_many_loss(criterion: Any) -> Any:
    """Return the loss of the one-to-many stacks within the loss of a model."""
    return getattr(criterion, "one2many", criterion)


def _outputs(raw: Mapping[str, Any]) -> HeadOutputs:
    return HeadOutputs(raw["boxes"].float(), raw["scores"].float(), raw["feats"])
