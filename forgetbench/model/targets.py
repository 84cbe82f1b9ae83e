"""The part of a detection loss's targets that does not depend on predictions: made once for all branches and heads."""

from __future__ import annotations

from typing import Any

from torch import Tensor


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
