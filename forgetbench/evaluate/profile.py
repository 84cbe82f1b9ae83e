"""What a network gets right and wrong on a dataset: by class, by size, and with wrong class names forgiven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forgetbench.data.dataset import Dataset
from forgetbench.data.formats.coco.coco80 import super_categories
from forgetbench.evaluate.average_precision import MAX_DET, score, scorer_rows
from forgetbench.evaluate.bootstrap import average_recall, over_classes, resample
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.matching import Matches, count_objects, match
from forgetbench.evaluate.naming import rightly_named, without_classes
from forgetbench.evaluate.scorers import Hotcoco


@dataclass(frozen=True)
class Subject:
    """The classes of a dataset, and how much of each there is to measure on.

    Attributes:
        classes: Names.
        super_categories: COCO's super-category of each name, if the classes are COCO's.
        objects: (images, classes) annotated boxes, crowd regions left out.
    """

    classes: tuple[str, ...]
    super_categories: Mapping[str, str]
    objects: NDArray[np.int64]


@dataclass(frozen=True)
class Profile:
    """One network on one dataset. AP are fractions.

    Attributes:
        subject: The dataset's classes.
        per_class: AP of each class index that has instances.
        per_class_resampled: (resamples, classes) the same on resampled images; NaN where they hold none.
        measures: Averages over the classes, and what has no classes; None where there is nothing to measure.
        resampled: (resamples,) of those measures for which resampling is cheap.
        errors: By how much AP50 would rise without errors of each of TIDE's types.
        found: (annotations,) score of the detection that matches each annotated box, NaN where there is none.
    """

    subject: Subject
    per_class: Mapping[int, float]
    per_class_resampled: NDArray[np.float64]
    measures: Mapping[str, float | None]
    resampled: Mapping[str, NDArray[np.float64]]
    errors: Mapping[str, float]
    found: NDArray[np.float32]


class Examiner:
    """Profiles networks on one dataset; everything about the dataset is prepared once.

    Args:
        dataset: The annotations.
        drawn: (images, resamples) how often each image is drawn; no resamples, no resampled values.
    """

    def __init__(self, dataset: Dataset, drawn: NDArray[np.float64]) -> None:
        self._dataset, self._drawn = dataset, drawn
        self._truth = Hotcoco(dataset)
        self._subject = Subject(dataset.classes, super_categories(dataset.classes), count_objects(dataset))

    def profile(self, detections: Detections, matches: Matches, iou: float) -> Profile:
        """Return what a network gets right and wrong.

        Args:
            detections: What it found.
            matches: What all of it matches.
            iou: What its suppression within a class was done at.
        """
        scores = score(self._truth, detections)
        by_class = resample(matches.of_classes, self._drawn).ap
        one_class = without_classes(self._dataset, detections)
        (of_one_class,) = match(*one_class).of_classes
        recall = float(average_recall(of_one_class, np.ones((len(self._dataset.samples), 1)))[0])
        named = rightly_named(self._dataset, detections, iou)
        rows = scorer_rows(detections)
        return Profile(
            subject=self._subject,
            per_class=scores.per_class,
            per_class_resampled=by_class,
            measures={
                "ap": scores.ap,
                "ap_small": scores.ap_small,
                "ap_medium": scores.ap_medium,
                "ap_large": scores.ap_large,
                "class_agnostic_ap": score(Hotcoco(one_class[0]), one_class[1]).ap,
                "class_agnostic_ar": None if np.isnan(recall) else recall,
                "right_class_ap": score(self._truth, named).ap,
            },
            resampled={
                "ap": over_classes(by_class),
                "class_agnostic_ap": over_classes(resample([of_one_class], self._drawn).ap),
                "class_agnostic_ar": average_recall(of_one_class, self._drawn),
                "right_class_ap": over_classes(resample(match(self._dataset, named).of_classes, self._drawn).ap),
            },
            errors=self._truth.error_types(rows, MAX_DET),
            found=matches.found,
        )
