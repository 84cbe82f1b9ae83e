"""Label smoothing, which Ultralytics dropped after YOLOv5."""

from __future__ import annotations

from torch import Tensor, nn


class SmoothedBCE(nn.Module):
    """Binary cross-entropy with class targets smoothed as in YOLOv5, scaled by each anchor's alignment.

    An anchor of target s for its class asks s (1 - e/2) of it and s e/2 of every other class; anchors without an object
    stay at 0.
    """

    def __init__(self, smoothing: float) -> None:
        super().__init__()
        self._smoothing = smoothing

    def forward(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Return the loss per element of (B, anchors, classes) logits and targets."""
        peak = targets.amax(-1, keepdim=True)
        smoothed = targets * (1 - self._smoothing) + peak * (self._smoothing / 2)
        return nn.functional.binary_cross_entropy_with_logits(scores, smoothed, reduction="none")
