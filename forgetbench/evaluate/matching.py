"""Which detections match which annotations, by COCO's rules; averages over any sample of images follow from that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import MAX_DET, comparable_boxes
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
class Pairs:
    """Detections and annotations of one image and class that overlap enough to match, by their positions.

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

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.detection[chosen], self.annotation[chosen], self.overlap[chosen], self.crowd[chosen])


def count_objects(dataset: Dataset) -> NDArray[np.int64]:
    """Return annotated boxes per image and class, (images, classes), crowd regions left out."""
    objects = np.zeros((len(dataset.samples), len(dataset.classes)), np.int64)
    for position, sample in enumerate(dataset.samples):
        np.add.at(objects[position], sample.classes[~sample.crowd], 1)
    return objects


@dataclass(frozen=True)
class Matches:
    """What matching the detections of a network gives.

    Attributes:
        of_classes: The matches of each class.
        found: (annotations,) score of the detection that matches each annotated box at an IoU of 0.5, in the order of
            the dataset; NaN where none matches, and for crowd regions.
    """

    of_classes: list[ClassMatches]
    found: NDArray[np.float32]


def match(dataset: Dataset, detections: Detections, max_det: int = MAX_DET) -> Matches:
    """Match detections to annotations of all sizes as pycocotools does.

    Per image and class the best `max_det` detections take turns by falling score. Of the free objects that a detection
    overlaps enough for a threshold it takes the one that it overlaps most; where there is none, a crowd region.

    Args:
        dataset: The images and their annotations.
        detections: What a network found on them.
        max_det: Best detections counted per image and class.
    """
    classes = len(dataset.classes)
    counted = _counted(dataset, detections, max_det)
    image, label, score = counted.image.astype(np.int64), counted.label.astype(np.int64), counted.score
    found, ignored, taker = _take_turns(dataset, counted)

    objects = count_objects(dataset)
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
    return Matches(made, np.append(score, np.float32(np.nan))[taker])


def _counted(dataset: Dataset, detections: Detections, max_det: int) -> Detections:
    """Return the best `max_det` of each image and class, sorted by image, class and falling score."""
    order = np.lexsort((-detections.score, detections.label, detections.image))  # equal scores keep their order
    group = detections.image[order].astype(np.int64) * len(dataset.classes) + detections.label[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    rank = np.arange(len(group)) - np.repeat(starts, np.diff(starts, append=len(group)))
    return detections.of(order[rank < max_det])


def near_pairs(dataset: Dataset, detections: Detections) -> Pairs:
    """Return which detections, sorted by image, may match which annotations."""
    boxes, image, label = comparable_boxes(detections), detections.image, detections.label
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
        return Pairs(empty, empty, np.zeros(0), np.zeros(0, np.bool_))
    pairs = Pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    order = np.lexsort((pairs.annotation, pairs.overlap, ~pairs.crowd, pairs.detection))
    return pairs.of(order)


def _take_turns(
    dataset: Dataset, detections: Detections
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Let detections, sorted by image, class and falling score, take annotations; one turn for all groups at once.

    Returns:
        Which detections match an object, and which a crowd region, (n, 10) each; and the detection that matches each
        annotation at the lowest threshold, (annotations,), -1 where none does.
    """
    found = np.zeros((len(detections), len(THRESHOLDS)), np.bool_)
    ignored = np.zeros_like(found)
    free = np.ones((len(THRESHOLDS), dataset.instances), np.bool_)
    taker = np.full(dataset.instances, -1)
    pairs = near_pairs(dataset, detections)
    if not len(pairs.detection):
        return found, ignored, taker
    taking = np.flatnonzero(np.diff(pairs.detection, prepend=-1))
    of_taking = detections.of(pairs.detection[taking])
    new = np.flatnonzero((np.diff(of_taking.image, prepend=-1) != 0) | (np.diff(of_taking.label, prepend=-1) != 0))
    turn = np.arange(len(taking)) - np.repeat(new, np.diff(new, append=len(taking)))
    turn_of_pair = np.repeat(turn, np.diff(taking, append=len(pairs.detection)))
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
        lowest = pair[~crowd & (threshold == 0)]
        taker[mine.annotation[lowest]] = mine.detection[lowest]
    return found, ignored, taker
