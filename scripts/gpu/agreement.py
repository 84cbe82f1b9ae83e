"""Whether two devices find the same on the same images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.detections import Detections

#: Detections that are compared: below, one device's may be the other's just under the threshold or the limit.
LEAST_SCORE = 0.05
#: How far scores, and sides of boxes as shares of the image's longer side as seen, may differ: convolutions of a GPU
#: take products in 19 bits (TF32).
SCORES, OVERLAP = 0.02, 0.95
#: Least share of one device's detections that the other has.
SHARE = 0.99


def agreement(one: Detections, other: Detections) -> dict[str, Any]:
    """Return which share of each side's detections the other has, the smaller of the two, and whether that is enough.

    A detection has its like where label and image are the same, the score differs by at most 0.02 and the boxes
    overlap by at least 0.95.
    """
    shares = [_share(one, other), _share(other, one)]
    counted = int((one.score >= LEAST_SCORE).sum())
    return {"detections": counted, "share": min(shares), "passed": min(shares) >= SHARE and counted > 0}


def score_of(dataset: Dataset, found: Detections) -> float:
    """Return AP, a fraction; 0 where nothing was found."""
    return score(ground_truth(dataset), found).ap or 0.0


def _share(of: Detections, among: Detections) -> float:
    sure = np.flatnonzero(of.score >= LEAST_SCORE)
    had = 0
    for index in sure:
        like = (among.image == of.image[index]) & (among.label == of.label[index])
        like &= np.abs(among.score - of.score[index]) <= SCORES
        had += bool((_overlaps(of.box[index], among.box[like]) >= OVERLAP).any())
    return had / len(sure) if len(sure) else 1.0


def _overlaps(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    sides = np.minimum(box[2:], boxes[:, 2:]).astype(np.float64) - np.maximum(box[:2], boxes[:, :2])
    shared = sides.clip(min=0).prod(1)
    area, areas = (box[2:] - box[:2]).prod(), (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return np.asarray(shared / np.maximum(area + areas - shared, 1e-12), dtype=np.float64)
