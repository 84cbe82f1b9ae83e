"""Recall, precision and F1 of a detector as it is deployed: with one score above which its detections count.

AP ranks detections and does not see scores that sink together; these do. They are taken at an IoU of 0.5 over all
classes and images at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from forgetbench.evaluate.matching import ClassMatches

Rate = Literal["recall", "precision", "f1"]
RATES: tuple[Rate, ...] = get_args(Rate)


@dataclass(frozen=True)
class Counts:
    """What a detector finds above a score, over all classes.

    Attributes:
        right: (images,) detections that match an object.
        wrong: (images,) those that match neither an object nor a crowd region.
        objects: (images,) annotated boxes, crowd regions left out.
    """

    right: NDArray[np.int64]
    wrong: NDArray[np.int64]
    objects: NDArray[np.int64]


def is_above(score: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Return which scores, (n,), lie above a threshold, which may lie between two neighbouring float32."""
    return score.astype(np.float64) > threshold


def count(matches: Sequence[ClassMatches], threshold: float) -> Counts:
    """Count what is found with scores above a threshold.

    Args:
        matches: Of all classes, from `match`; detections that do not count may be missing.
        threshold: In [0, 1]; a score that equals it does not count.
    """
    images = len(matches[0].objects)
    right, ignored, every, objects = (np.zeros(images, np.int64) for _ in range(4))
    for of_class in matches:
        counts = is_above(of_class.score, threshold)
        image, counts_too = of_class.image[of_class.matched], counts[of_class.matched]
        every += np.bincount(of_class.image[counts], minlength=images)
        right += np.bincount(image[counts_too & of_class.found[:, 0]], minlength=images)
        ignored += np.bincount(image[counts_too & of_class.ignored[:, 0]], minlength=images)
        objects += of_class.objects
    return Counts(right, every - right - ignored, objects)


def best_f1_threshold(matches: Sequence[ClassMatches], least: float = 0.0) -> float | None:
    """Return the threshold with the largest F1, the highest of those that share it.

    It lies midway between the last score that counts and the next lower one, so that it makes no difference whether a
    score has to exceed or to reach it.

    Args:
        matches: Of all classes, from `match`.
        least: Score that all detections lie above; the next lower one where they all count.

    Returns:
        None where no detection above `least` matches an object.
    """
    score = np.concatenate([of_class.score for of_class in matches]).astype(np.float64)
    right, ignored = np.zeros(len(score), np.int64), np.zeros(len(score), np.int64)
    start = 0
    for of_class in matches:
        right[start + of_class.matched] = of_class.found[:, 0]
        ignored[start + of_class.matched] = of_class.ignored[:, 0]
        start += len(of_class.score)
    order = np.argsort(-score, kind="stable")[: np.count_nonzero(score > least)]
    score = np.append(score[order], least)
    last = np.flatnonzero(np.diff(score))  # of equal scores all count or none
    found, counting = np.cumsum(right[order])[last], np.cumsum(1 - ignored[order])[last]
    if not found.any():
        return None
    objects = sum(int(of_class.objects.sum()) for of_class in matches)
    best = last[np.argmax(_rates(found, counting - found, objects)["f1"])]
    return float((score[best] + score[best + 1]) / 2)


def rates(counts: Counts) -> dict[Rate, float | None]:
    """Return recall, precision and F1 as fractions; None where there is nothing that they could be a share of."""
    found = resampled_rates(counts, np.ones((len(counts.objects), 1)))
    return {rate: None if np.isnan(values[0]) else float(values[0]) for rate, values in found.items()}


def resampled_rates(counts: Counts, drawn: NDArray[np.float64]) -> dict[Rate, NDArray[np.float64]]:
    """Return recall, precision and F1 of every resample, (resamples,) each; NaN where there is no such share.

    Args:
        counts: Per image.
        drawn: (images, resamples) how often each image is drawn.
    """
    return _rates(counts.right @ drawn, counts.wrong @ drawn, counts.objects @ drawn)


def _rates(right: NDArray[Any], wrong: NDArray[Any], objects: NDArray[Any] | int) -> dict[Rate, NDArray[np.float64]]:
    """Return TP / objects, TP / (TP + FP) and 2 TP / (2 TP + FP + FN); the last two terms are FP + objects - TP."""
    with np.errstate(invalid="ignore"):
        return {
            "recall": right / objects,
            "precision": right / (right + wrong),
            "f1": 2 * right / (right + wrong + objects),
        }
