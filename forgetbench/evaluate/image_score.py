"""How well detections fit a single image: the number by which images are chosen to be shown.

It is the F1 of the detections above a confidence of 0.25 at an IoU of 0.5. AP is no use here: one image has too few
boxes to rank.
"""

from __future__ import annotations

import numpy as np

from forgetbench.data.dataset import Dataset, Sample
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.scorers import overlaps

#: A detection counts, and is drawn, above this score.
CONFIDENCE = 0.25
#: It is right if it overlaps a box of its class at least this much.
OVERLAP = 0.5


def confident(detections: Detections, image: int) -> Detections:
    """Return the detections of one image (a position in the dataset) above `CONFIDENCE`, best first."""
    start, end = np.searchsorted(detections.image, (image, image + 1))
    rows = start + np.flatnonzero(detections.score[start:end] > CONFIDENCE)
    return Detections(detections.image[rows], detections.label[rows], detections.score[rows], detections.box[rows])


def image_scores(dataset: Dataset, detections: Detections) -> list[float | None]:
    """Return the score of every image of a dataset, in its order."""
    return [image_score(sample, confident(detections, index)) for index, sample in enumerate(dataset.samples)]


def image_score(sample: Sample, found: Detections) -> float | None:
    """Return the F1 of an image's detections against its boxes: 2 TP / (2 TP + FP + FN).

    Best first, each detection takes the free box of its class that it overlaps most, if by an IoU of at least 0.5. As
    in COCO, crowd regions need not be found, and a detection that takes no box but lies at least half within a crowd
    region of its class counts neither way.

    Args:
        sample: The image's boxes and classes.
        found: Its detections that count, best first.

    Returns:
        A fraction, or None where there is neither a box to find nor a detection that counts.
    """
    free = ~sample.crowd
    hits = false = 0
    for label, overlap in zip(found.label, overlaps(found.box, sample.boxes, sample.crowd), strict=True):
        overlap = np.where(sample.classes == label, overlap, 0.0)
        within_reach = np.where(free, overlap, 0.0)
        if within_reach.max(initial=0.0) >= OVERLAP:
            free[within_reach.argmax()] = False
            hits += 1
        elif overlap[sample.crowd].max(initial=0.0) < OVERLAP:
            false += 1
    counted = 2 * hits + false + int(free.sum())
    return 2 * hits / counted if counted else None
