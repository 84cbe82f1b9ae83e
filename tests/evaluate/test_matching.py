"""Which detection finds which object, against pycocotools."""

import numpy as np
import pytest
from support.worlds import world

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import scorer_rows
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.matching import match
from forgetbench.evaluate.scorers import Pycocotools


def by_pycocotools(dataset: Dataset, found: Detections) -> np.ndarray:
    """Return the score of the detection that matches each annotation at an IoU of 0.5, NaN where none does."""
    evaluation = Pycocotools(dataset).evaluation(scorer_rows(found))
    evaluation.params.maxDets = [100]
    evaluation.evaluate()
    scores = np.full(dataset.instances, np.nan)
    for image in evaluation.evalImgs[: len(evaluation.evalImgs)]:
        if image is None or image["aRng"] != evaluation.params.areaRng[0]:
            continue
        score_of = dict(zip(image["dtIds"], image["dtScores"], strict=True))
        for annotation, detection, ignored in zip(
            image["gtIds"], image["gtMatches"][0], image["gtIgnore"], strict=True
        ):
            if detection and not ignored:
                scores[annotation - 1] = score_of[int(detection)]
    return scores


@pytest.mark.parametrize("seed", range(40))
def test_the_detection_that_finds_an_object_is_that_of_pycocotools(seed: int) -> None:
    dataset, found = world(seed)
    got, want = match(dataset, found).found, by_pycocotools(dataset, found)
    np.testing.assert_array_equal(got.astype(np.float64), want)


def test_some_worlds_have_objects_that_are_found_and_some_that_are_not() -> None:
    scores = np.concatenate([match(*world(seed)).found for seed in range(40)])
    assert 20 < np.isnan(scores).sum() < len(scores) - 20
