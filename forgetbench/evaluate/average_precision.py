"""COCO average precision from a dataset and stored detections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.scorers import SCORERS, GroundTruth, ScorerName

#: COCO counts the best 100 detections per image and class.
MAX_DET = 100


@dataclass(frozen=True)
class Scores:
    """COCO's averages as fractions; None where the dataset has nothing to measure them on.

    Attributes:
        ap: AP averaged over IoU 0.50 to 0.95 in steps of 0.05 and over classes with instances.
        ap50, ap75: AP at one IoU.
        ap_small, ap_medium, ap_large: AP of instances by area: below 32², to 96², above (square pixels).
        per_class: AP of each class index with instances.
        images, instances: What was scored on; crowd regions are not instances.
    """

    ap: float | None
    ap50: float | None
    ap75: float | None
    ap_small: float | None
    ap_medium: float | None
    ap_large: float | None
    per_class: dict[int, float]
    images: int
    instances: int


def ground_truth(dataset: Dataset, scorer: ScorerName = "hotcoco") -> GroundTruth:
    """Return a dataset in a scorer's form; scoring does not change it."""
    return SCORERS[scorer](dataset)


def score(truth: GroundTruth, detections: Detections, max_det: int = MAX_DET) -> Scores:
    """Score detections by COCO's definition.

    Args:
        truth: From `ground_truth`; detections' labels are its class indices.
        detections: What to score; images are positions in the dataset.
        max_det: Best detections counted per image and class.
    """
    precision = precision_table(truth, detections, max_det)
    per_class = {
        label: value for label in range(precision.shape[2]) if (value := mean_ap(precision[:, :, label, 0])) is not None
    }
    return Scores(
        ap=mean_ap(precision[..., 0]),
        ap50=mean_ap(precision[0, ..., 0]),
        ap75=mean_ap(precision[5, ..., 0]),
        ap_small=mean_ap(precision[..., 1]),
        ap_medium=mean_ap(precision[..., 2]),
        ap_large=mean_ap(precision[..., 3]),
        per_class=per_class,
        images=truth.images,
        instances=truth.instances,
    )


def precision_table(truth: GroundTruth, detections: Detections, max_det: int) -> NDArray[np.float64]:
    """Return COCO's precision (10 IoUs, 101 recalls, classes, 4 areas), -1 where undefined."""
    return truth.precision(scorer_rows(detections), max_det)


def scorer_rows(detections: Detections) -> NDArray[np.float64]:
    """Return detections as scorers take them, (n, 7): image id, x, y, width, height, score, category id."""
    rows = np.empty((len(detections), 7))
    rows[:, 0] = detections.image
    rows[:, 1:5] = comparable_boxes(detections)
    rows[:, 3:5] -= rows[:, 1:3]
    rows[:, 5] = detections.score
    rows[:, 6] = detections.label
    rows[:, 6] += 1
    return rows


def comparable_boxes(detections: Detections) -> NDArray[np.float64]:
    """Return boxes (n, 4), xyxy, to match by overlap: one that is not finite has no area, so that it overlaps nothing.

    pycocotools left to itself takes an overlap that is NaN for a match.
    """
    boxes = detections.box.astype(np.float64)
    boxes[~np.isfinite(boxes).all(axis=1)] = 0.0
    return boxes


def mean_ap(precision: NDArray[np.float64]) -> float | None:
    """Return the mean over defined entries of a precision table, None if there are none."""
    defined = precision[precision > -1]
    return float(defined.mean()) if defined.size else None
