"""Detections with wrong class names forgiven: objects still missed were not found or not placed well."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import comparable_boxes
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.matching import near_pairs


def without_classes(dataset: Dataset, detections: Detections) -> tuple[Dataset, Detections]:
    """Return annotations and detections of one class, `object`, as COCO scores them with `useCats = 0`.

    Equal scores and equal overlaps of an image come in the order of their classes, as they do there.
    """
    samples = []
    for sample in dataset.samples:
        order = np.argsort(sample.classes, kind="stable")
        columns = {name: getattr(sample, name)[order] for name in ("boxes", "crowd", "areas")}
        samples.append(replace(sample, classes=np.zeros_like(sample.classes), **columns))
    found = detections.of(np.lexsort((detections.label, -detections.score, detections.image)))
    one_class = replace(dataset, classes=("object",), samples=tuple(samples))
    return one_class, replace(found, label=np.zeros_like(found.label))


def rightly_named(dataset: Dataset, detections: Detections, iou: float) -> Detections:
    """Return what a network would have given had it known the class of every annotated box that it found.

    A detection that overlaps annotations with an IoU of 0.5 or more takes the class of the one that it overlaps most,
    objects before crowd regions; any other keeps its own. Suppression is then repeated: of boxes that have come to be
    of one class it would not have let all through, and as duplicates they would count against a right naming.

    Args:
        dataset: The images and their annotations.
        detections: What the network gave.
        iou: Boxes of one class overlapping more than this with a better one are dropped.
    """
    found = detections.of(np.lexsort((-detections.score, detections.image)))
    samples = tuple(replace(sample, classes=np.zeros_like(sample.classes)) for sample in dataset.samples)
    pairs = near_pairs(replace(dataset, samples=samples), replace(found, label=np.zeros_like(found.label)))
    most_wanted = np.flatnonzero(np.diff(pairs.detection, append=-1))
    classes = np.concatenate([np.zeros(0, np.int64), *(sample.classes for sample in dataset.samples)])
    label = found.label.copy()
    label[pairs.detection[most_wanted]] = classes[pairs.annotation[most_wanted]]
    named = replace(found, label=label)
    return named.of(_unsuppressed(named, iou))


def _unsuppressed(detections: Detections, iou: float) -> NDArray[np.int64]:
    """Return the positions of the detections, sorted by image and falling score, that suppression leaves.

    The same arithmetic as that of suppression while evaluating (`nms.unsuppressed`), so that the same boxes stay.
    """
    boxes, label = comparable_boxes(detections).astype(np.float64), detections.label
    starts = np.flatnonzero(np.diff(detections.image, prepend=-1, append=-1)).tolist()
    left = [start + staying(boxes[start:end], label[start:end], iou) for start, end in pairwise(starts)]
    return np.concatenate([np.zeros(0, np.int64), *left])


def staying(boxes: NDArray[np.float64], label: NDArray[np.int16], iou: float) -> NDArray[np.int64]:
    """Return the positions of the boxes of an image, (n, 4) xyxy by falling score, that no better one drops."""
    apart = boxes + label[:, None].astype(np.float64) * (boxes.max() - boxes.min() + 1)
    first, second = apart[:, None], apart[None]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    common = np.maximum(sides, 0).prod(axis=-1)
    area = (apart[:, 2] - apart[:, 0]) * (apart[:, 3] - apart[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):  # of boxes without area, which drop none
        over = np.triu(common / (area[:, None] + area[None] - common) > iou, 1)
    stays = np.ones(len(boxes), np.bool_)
    for better in np.flatnonzero(over.any(axis=1)):
        if stays[better]:
            stays &= ~over[better]
    return np.flatnonzero(stays)
