"""Profiles of made-up networks of which it is known what they get wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.factories import sample
from support.worlds import world

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import ground_truth, score, scorer_rows
from forgetbench.evaluate.bootstrap import average_recall, draw_images
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.matching import match
from forgetbench.evaluate.naming import without_classes
from forgetbench.evaluate.profile import Examiner, Profile
from forgetbench.evaluate.scorers import Pycocotools

IMAGES = 12


def scene() -> tuple[Dataset, Detections]:
    """Return images with three objects of two classes, far apart, all found at their places with falling scores."""
    boxes = [[20, 20, 120, 140], [200, 30, 290, 150], [60, 220, 200, 300]]
    samples = tuple(sample(Path(f"{i}.png"), 400, 400, boxes, [0, 1, i % 2]) for i in range(IMAGES))
    image = np.repeat(np.arange(IMAGES), 3).astype(np.int32)
    label = np.concatenate([s.classes for s in samples]).astype(np.int16)
    box = np.concatenate([s.boxes for s in samples]).astype(np.float32)
    scores = np.tile([0.9, 0.8, 0.7], IMAGES) - 0.001 * image
    return Dataset("far", "val", ("a", "b"), samples, Path()), Detections(image, label, scores.astype(np.float32), box)


def profiled(detections: Detections, resamples: int = 50) -> Profile:
    dataset, _ = scene()
    matches = match(dataset, detections)
    return Examiner(dataset, draw_images(IMAGES, resamples, 0)).profile(detections, matches, 0.7)


def test_what_finds_all_is_right_in_everything() -> None:
    found = profiled(scene()[1])
    measures = dict(found.measures)
    assert (measures.pop("ap_small"), measures.pop("ap_medium")) == (None, None)
    assert measures == pytest.approx(dict.fromkeys(measures, 1.0))
    assert found.per_class == pytest.approx({0: 1.0, 1: 1.0})
    assert set(found.errors.values()) == {0.0}
    np.testing.assert_array_equal(found.found, scene()[1].score)
    assert found.subject.objects.sum(axis=0).tolist() == [18, 18]


def test_a_network_that_only_names_wrongly_loses_nothing_without_classes() -> None:
    _, right = scene()
    found = profiled(replace(right, label=1 - right.label))
    assert found.measures["ap"] == 0
    for measure in ("class_agnostic_ap", "class_agnostic_ar", "right_class_ap"):
        assert found.measures[measure] == pytest.approx(1)
        assert found.resampled[measure] == pytest.approx(np.ones(50))
    assert found.errors["classification"] == pytest.approx(1)
    assert np.isnan(found.found).all()


def test_a_network_that_only_misplaces_gains_nothing_by_right_names() -> None:
    _, right = scene()
    shifted = replace(right, box=right.box + np.array([30, 0, 30, 0], np.float32))  # IoU 0.54, 0.5 and 0.65
    found = profiled(shifted)
    assert found.measures["ap"] == pytest.approx(found.measures["right_class_ap"])
    assert 0 < (found.measures["ap"] or 0) < 0.5
    assert found.errors["classification"] == 0


def test_a_network_that_finds_half_has_half_the_recall() -> None:
    _, right = scene()
    found = profiled(right.of(right.image % 2 == 0))  # by class 12 and 6 of 18
    assert found.measures["class_agnostic_ar"] == pytest.approx(0.5)
    assert found.errors["missed"] == pytest.approx(1 - (67 + 34) / 202)
    assert np.std(found.resampled["class_agnostic_ar"]) > 0.05


def test_without_resamples_there_are_none() -> None:
    found = profiled(scene()[1], resamples=0)
    assert found.per_class_resampled.shape == (0, 2)
    assert {len(values) for values in found.resampled.values()} == {0}


@pytest.mark.parametrize("seed", range(20))
def test_measures_are_those_of_the_scorer(seed: int) -> None:
    dataset, detections = world(seed)
    matches = match(dataset, detections)
    found = Examiner(dataset, draw_images(len(dataset.samples), 5, 0)).profile(detections, matches, 0.7)
    want = score(ground_truth(dataset), detections)
    assert found.per_class == want.per_class
    assert found.measures["ap"] == want.ap
    assert found.measures["ap_small"] == want.ap_small
    without = [label for label in range(len(dataset.classes)) if label not in found.per_class]
    assert np.isnan(found.per_class_resampled[:, without]).all()


@pytest.mark.parametrize("seed", range(20))
def test_recall_is_that_of_pycocotools_without_categories(seed: int) -> None:
    dataset, detections = world(seed)
    evaluation = Pycocotools(dataset).evaluation(scorer_rows(detections))
    evaluation.params.useCats, evaluation.params.maxDets = 0, [100]
    evaluation.evaluate()
    evaluation.accumulate()
    want = evaluation.eval["recall"][:, 0, 0, 0].mean()
    (of_one_class,) = match(*without_classes(dataset, detections)).of_classes
    got = average_recall(of_one_class, np.ones((len(dataset.samples), 1)))
    assert (np.isnan(got[0]) and want == -1) or got[0] == pytest.approx(want)
