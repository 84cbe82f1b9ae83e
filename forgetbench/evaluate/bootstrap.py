"""Average precision of resampled images, exactly as if every image were in the dataset as often as it was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from forgetbench.evaluate.matching import ClassMatches

#: COCO's recall thresholds, as pycocotools computes them: not each is the nearest number to its hundredth.
RECALLS = np.linspace(0.0, 1.0, 101)
#: Resamples computed at once: enough to make up for what a call costs, few enough for COCO's persons (200 MB).
BLOCK = 1000


@dataclass(frozen=True)
class ResampledAP:
    """AP of every resample and class; NaN where the images drawn hold no object of the class.

    Attributes:
        ap: (resamples, classes) averaged over COCO's ten IoU thresholds.
        ap50: (resamples, classes) at IoU 0.5.
    """

    ap: NDArray[np.float64]
    ap50: NDArray[np.float64]


def draw_images(images: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """Return how often each of `images` images is drawn in each resample with replacement, (images, resamples)."""
    generator = np.random.default_rng([seed, images])
    return generator.multinomial(images, np.full(images, 1 / images), size=resamples).T.astype(np.float64)


def resample(matches: Sequence[ClassMatches], drawn: NDArray[np.float64]) -> ResampledAP:
    """Return AP per class of every resample.

    A detection of an image drawn k times counts k times, and so do the image's objects: AP is that of a dataset in
    which the image lies k times. Of detections of one image and class with equal scores, all copies of the first come
    before those of the second.

    Args:
        matches: Of all classes, from `match`.
        drawn: (images, resamples) how often each image is drawn.
    """
    result = np.full((2, drawn.shape[1], len(matches)), np.nan)
    for start in range(0, drawn.shape[1], BLOCK):
        block = np.ascontiguousarray(drawn[:, start : start + BLOCK])
        for index, of_class in enumerate(matches):
            objects = of_class.objects @ block
            if objects.any():
                ap = _average_precision(of_class, block, objects)
                ap[:, objects == 0] = np.nan
                result[:, start : start + BLOCK, index] = ap.mean(axis=0), ap[0]
    return ResampledAP(result[0], result[1])


def average_recall(matches: ClassMatches, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the class's objects that are found, averaged over COCO's ten IoUs, of every resample.

    Args:
        matches: Of one class, from `match`.
        drawn: (images, resamples) how often each image is drawn.

    Returns:
        (resamples,), NaN where the images drawn hold no object.
    """
    image = matches.image[matches.matched]
    found = np.bincount(image, matches.found.sum(axis=1), minlength=len(matches.objects))
    with np.errstate(invalid="ignore"):
        recall: NDArray[np.float64] = (found @ drawn) / (matches.found.shape[1] * matches.objects @ drawn)
    return recall


def over_classes(resampled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the classes (resamples, classes) that each resample holds; NaN where it holds none."""
    defined = ~np.isnan(resampled)
    total = np.where(defined, resampled, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = total / defined.sum(axis=1)
    return mean


def _average_precision(
    matches: ClassMatches, drawn: NDArray[np.float64], objects: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return AP (10 IoUs, resamples) of one class.

    Goes through the matches from the lowest score to the highest, all thresholds and resamples at once, with running
    counts. The best precision from a match on holds for every recall threshold between it and the match before.
    """
    copies = drawn[matches.image[matches.matched]]
    since_last = _counting(matches) @ drawn.astype(np.float32)  # whole numbers, exact in half the memory
    right = matches.found.T.astype(np.float64) @ copies
    counted = since_last.sum(axis=0, dtype=np.float64) - matches.ignored.T.astype(np.float64) @ copies
    objects = np.maximum(objects, 1)
    reached = _recalls_reached(right, objects)
    best, sums = np.zeros_like(right), np.zeros_like(right)
    found, ignored = _runs(matches.found), _runs(matches.ignored)
    with np.errstate(invalid="ignore"):  # where nothing was drawn, precision is 0 / 0, which fmax leaves out
        for index in range(len(copies) - 1, -1, -1):
            for at in found[index]:
                np.fmax(best[at], right[at] / counted[at], out=best[at])
                right[at] -= copies[index]
                before = _recalls_reached(right[at], objects)
                sums[at] += (reached[at] - before) * best[at]
                reached[at] = before
            counted -= since_last[index]
            for at in ignored[index]:
                counted[at] += copies[index]
    return (sums + reached * best) / len(RECALLS)  # recall 0 is reached before any match


def _runs(chosen: NDArray[np.bool_]) -> list[list[slice]]:
    """Return each match's runs of thresholds that are chosen, (m, 10); mostly there is one, from the lowest on."""
    padded = np.pad(chosen, ((0, 0), (1, 1)))
    index, edge = np.nonzero(padded[:, 1:] != padded[:, :-1])
    runs = list(map(slice, edge[::2].tolist(), edge[1::2].tolist()))
    ends = np.searchsorted(index[::2], np.arange(len(chosen) + 1)).tolist()
    return [runs[start:end] for start, end in pairwise(ends)]


def _counting(matches: ClassMatches) -> sparse.csr_array:
    """Return (m, images): how many detections of an image come after one match, up to and including the next."""
    last = matches.matched[-1] + 1 if len(matches.matched) else 0
    ends = np.concatenate([[0], matches.matched + 1])
    ones = np.ones(last, np.float32)
    return sparse.csr_array((ones, matches.image[:last], ends), shape=(len(matches.matched), len(matches.objects)))


def _recalls_reached(right: NDArray[np.float64], objects: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many of COCO's recall thresholds so many right detections of so many objects reach."""
    recall = right / objects
    nearest = np.floor(recall * 100 + 1e-9)
    reached: NDArray[np.float64] = nearest + (
        nearest * RECALLS[1] <= recall
    )  # pycocotools' thresholds are multiples of the second one
    return reached
