"""What of a detection loss does not depend on predictions: made once for all branches and heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

#: Most anchors kept at a time, of as many sizes of images.
MOST_ANCHORS = 64


class SharedTargets:
    """A batch's boxes padded per image, and the anchors inside each, worked out by whichever loss asks first.

    They depend on the batch, the image size and the strides alone, which all branches of a session share. Which of the
    anchors an object is assigned to depends on predictions and stays each loss's own.
    """

    def __init__(self) -> None:
        self._boxes: Tensor | None = None
        self._inside: dict[tuple[int, ...], Tensor] = {}

    def new_batch(self) -> None:
        """Forget the batch before; call it before the first loss of every batch."""
        self._boxes = None
        self._inside.clear()

    def share(self, loss: Any) -> None:
        """Make a detection loss of Ultralytics' use what another loss has already worked out."""
        pad, find_inside = loss.preprocess, loss.assigner.select_candidates_in_gts

        def padded(*arguments: Any, **named: Any) -> Tensor:
            if self._boxes is None:
                self._boxes = pad(*arguments, **named)
            return self._boxes

        def inside(anchors: Tensor, boxes: Tensor, *arguments: Any, **named: Any) -> Tensor:
            # short of GPU memory the assigner asks again image by image, for slices of the shared boxes
            key = (boxes.data_ptr(), *boxes.shape)
            if key not in self._inside:
                self._inside[key] = find_inside(anchors, boxes, *arguments, **named)
            return self._inside[key]

        loss.preprocess, loss.assigner.select_candidates_in_gts = padded, inside


class AnchorsOnce:
    """Ultralytics' `make_anchors`, which copies six ranges from the host for every loss, asked once for each size.

    What it gives depends on sizes, strides, type and device alone, and nobody changes it in place.
    """

    def __init__(self, make_anchors: Callable[..., tuple[Tensor, Tensor]]) -> None:
        """Remember whom to ask."""
        self._make = make_anchors
        self._made: dict[Any, tuple[Tensor, Tensor]] = {}

    def __call__(self, feats: Any, strides: Any, grid_cell_offset: float = 0.5) -> tuple[Tensor, Tensor]:
        """Return the anchors (N, 2) and their strides (N, 1) of maps, given strides that are plain numbers.

        Strides in a tensor would have to be read to know them again; then they are made anew.
        """
        if not (isinstance(feats, list) and isinstance(strides, list)):
            return self._make(feats, strides, grid_cell_offset)
        first: Tensor = feats[0]
        key = (
            *_sizes(feats), *strides, grid_cell_offset, first.dtype, first.device, torch.is_inference_mode_enabled()
        )  # fmt: skip
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= MOST_ANCHORS:
                self._made.clear()
            made = self._made[key] = self._make(feats, strides, grid_cell_offset)
        return made


def _sizes(maps: Sequence[Tensor]) -> list[tuple[int, ...]]:
    return [tuple(each.shape[2:]) for each in maps]
