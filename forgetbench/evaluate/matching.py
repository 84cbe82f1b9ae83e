"""Which detections match which annotations, by COCO's rules: what averages over any sample of images follow from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.coco import MAX_DET, comparable_boxes
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.scorers import overlaps

#: COCO's IoU thresholds.
THRESHOLDS = np.linspace(0.5, 0.95, 10)


@dataclass(frozen=True)
class ClassMatches:
    """The detections of one class in the order that COCO counts them in: falling score, then image.

    Attributes:
        image: (n,) position of each detection's image.
        score: (n,) float32.
        matched: (m,) positions within the n of those that match anything at any threshold.
        found: (m, 10) bool: matches an annotated object at each threshold.
        ignored: (m, 10) bool: matches a crowd region there, so that it does not count.
        objects: (images,) annotated boxes of this class per image, crowd regions left out.
    """

    image: NDArray[np.int64]
    score: NDArray[np.float32]
    matched: NDArray[np.int64]
    found: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    objects: NDArray[np.int64]


@dataclass(frozen=True)
class _Pairs:
    """Detections and annotations of one image and class that overlap enough to match.

    Sorted by detection, and for one detection from the least to the most wanted: crowd regions, then by overlap.

    Attributes:
        detection, annotation: (p,) which.
        overlap: (p,) IoU.
        crowd: (p,) bool, whether the annotation is a crowd region.
    """

    detection: NDArray[np.int64]
    annotation: NDArray[np.int64]
    overlap: NDArray[np.float64]
    crowd: NDArray[np.bool_]

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> _Pairs:
        return _Pairs(self.detection[chosen], self.annotation[chosen], self.overlap[chosen], self.crowd[chosen])


def match(dataset: Dataset, detections: Detections, max_det: int = MAX_DET) -> list[ClassMatches]:
    """Match detections to annotations of all sizes as pycocotools does; returns the matches of each class.

    Per image and class the best `max_det` detections take turns by falling score. Of the free objects that a detection
    overlaps enough for a threshold it takes the one that it overlaps most; where there is none, a crowd region.

    Args:
        dataset: The images and their annotations.
        detections: What a network found on them.
        max_det: Best detections counted per image and class.
    """
    classes = len(dataset.classes)
    image, label = detections.image.astype(np.int64), detections.label.astype(np.int64)
    order = np.lexsort((-detections.score, label, image))  # stable: equal scores keep their order in the file
    group = image[order] * classes + label[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    rank = np.arange(len(group)) - np.repeat(starts, np.diff(starts, append=len(group)))
    order = order[rank < max_det]
    image, label, score = image[order], label[order], detections.score[order]
    found, ignored = _take_turns(_pairs(dataset, comparable_boxes(detections)[order], image, label), image, label)

    objects = np.zeros((len(dataset.samples), classes), np.int64)
    for position, sample in enumerate(dataset.samples):
        np.add.at(objects[position], sample.classes[~sample.crowd], 1)
    by_score = np.lexsort((image, -score, label))
    ends = np.searchsorted(label[by_score], np.arange(classes + 1))
    made = []
    for index in range(classes):
        mine = by_score[ends[index] : ends[index + 1]]
        matched = np.flatnonzero((found[mine] | ignored[mine]).any(axis=1))
        rows = mine[matched]
        made.append(
            ClassMatches(image[mine], score[mine], matched, found[rows], ignored[rows], objects[:, index].copy())
        )
    return made


def _pairs(dataset: Dataset, boxes: NDArray[np.float64], image: NDArray[np.int64], label: NDArray[np.int64]) -> _Pairs:
    """Return what may match, of detections sorted by image."""
    ends = np.searchsorted(image, np.arange(len(dataset.samples) + 1))
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]] = []
    before = 0
    for position, sample in enumerate(dataset.samples):
        low, high = ends[position], ends[position + 1]
        if high > low and len(sample.boxes):
            overlap = overlaps(boxes[low:high], sample.boxes, sample.crowd)
            near = (overlap >= THRESHOLDS[0]) & (label[low:high, None] == sample.classes)
            detection, annotation = np.nonzero(near)
            parts.append((detection + low, annotation + before, overlap[near], sample.crowd[annotation]))
        before += len(sample.boxes)
    if not parts:
        empty = np.zeros(0, np.int64)
        return _Pairs(empty, empty, np.zeros(0), np.zeros(0, np.bool_))
    pairs = _Pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    order = np.lexsort((pairs.annotation, pairs.overlap, ~pairs.crowd, pairs.detection))
    return pairs.of(order)


def _take_turns(
    pairs: _Pairs, image: NDArray[np.int64], label: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which detections match an object, and which a crowd region, (n, 10) each; one turn for all groups at once.

    Args:
        pairs: What may match.
        image, label: Of all detections, sorted by image, class and falling score.
    """
    found = np.zeros((len(image), len(THRESHOLDS)), np.bool_)
    ignored = np.zeros_like(found)
    if not len(pairs.detection):
        return found, ignored
    taking = np.flatnonzero(np.diff(pairs.detection, prepend=-1))
    taker = pairs.detection[taking]
    new = np.flatnonzero((np.diff(image[taker], prepend=-1) != 0) | (np.diff(label[taker], prepend=-1) != 0))
    turn = np.arange(len(taker)) - np.repeat(new, np.diff(new, append=len(taker)))
    turn_of_pair = np.repeat(turn, np.diff(taking, append=len(pairs.detection)))
    free = np.ones((len(THRESHOLDS), int(pairs.annotation.max()) + 1), np.bool_)
    for now in range(int(turn.max()) + 1):
        mine = pairs.of(turn_of_pair == now)
        to_have = (mine.overlap >= THRESHOLDS[:, None]) & (free[:, mine.annotation] | mine.crowd)
        starts = np.flatnonzero(np.diff(mine.detection, prepend=-1))
        best = np.maximum.reduceat(np.where(to_have, np.arange(len(mine.detection)), -1), starts, axis=1)
        threshold, which = np.nonzero(best >= 0)
        pair = best[threshold, which]
        crowd = mine.crowd[pair]
        found[mine.detection[pair[~crowd]], threshold[~crowd]] = True
        ignored[mine.detection[pair[crowd]], threshold[crowd]] = True
        free[threshold[~crowd], mine.annotation[pair[~crowd]]] = False
    return found, ignored
