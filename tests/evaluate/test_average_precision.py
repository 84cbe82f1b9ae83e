from pathlib import Path

import numpy as np
import pytest
from support.factories import sample

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import ground_truth, mean_ap, score
from forgetbench.evaluate.detections import Detections, gather


def dataset(*images: tuple[list[list[float]], list[int]]) -> Dataset:
    samples = tuple(sample(Path(f"{i}.png"), 200, 200, boxes, labels) for i, (boxes, labels) in enumerate(images))
    return Dataset("d", "val", ("a", "b", "c"), samples, Path())


def found(*rows: tuple[int, list[float], float, int]) -> Detections:
    parts = [(image, np.array([[*box, confidence, label]], np.float32)) for image, box, confidence, label in rows]
    return gather(parts)


def test_perfect_detections() -> None:
    truth = ground_truth(dataset(([[10, 10, 50, 50]], [0]), ([[0, 0, 150, 150], [5, 5, 25, 25]], [1, 0])))
    scores = score(
        truth, found((0, [10, 10, 50, 50], 0.9, 0), (1, [0, 0, 150, 150], 0.8, 1), (1, [5, 5, 25, 25], 0.7, 0))
    )
    assert scores.ap == scores.ap50 == scores.ap75 == pytest.approx(1.0)
    assert (scores.ap_small, scores.ap_medium, scores.ap_large) == pytest.approx((1.0, 1.0, 1.0))
    assert scores.per_class == pytest.approx({0: 1.0, 1: 1.0})
    assert (scores.images, scores.instances) == (2, 3)


def test_ap_by_hand() -> None:
    """One of two instances found, a false positive ranked below it: precision 1 up to recall 0.5, so AP = 51/101."""
    truth = ground_truth(dataset(([[0, 0, 100, 100]], [0]), ([[0, 0, 100, 100]], [0])))
    scores = score(truth, found((0, [0, 0, 100, 100], 0.9, 0), (1, [120, 120, 190, 190], 0.5, 0)))
    assert scores.ap == pytest.approx(51 / 101)


def test_iou_decides_which_thresholds_count() -> None:
    """IoU 0.72 passes 0.50 to 0.70: five of ten thresholds."""
    truth = ground_truth(dataset(([[0, 0, 100, 100]], [0])))
    scores = score(truth, found((0, [0, 0, 100, 72], 0.9, 0)))
    assert (scores.ap50, scores.ap75) == pytest.approx((1.0, 0.0))
    assert scores.ap == pytest.approx(0.5)


def test_sizes_without_instances_are_not_measured() -> None:
    truth = ground_truth(dataset(([[0, 0, 100, 100]], [0])))
    scores = score(truth, found((0, [0, 0, 100, 100], 0.9, 0)))
    assert (scores.ap_small, scores.ap_medium) == (None, None)
    assert scores.ap_large == pytest.approx(1.0)
    assert scores.per_class.keys() == {0}


def test_no_detections_score_zero_where_there_were_instances() -> None:
    scores = score(ground_truth(dataset(([[0, 0, 100, 100]], [2]))), found())
    assert (scores.ap, scores.per_class) == (0.0, {2: 0.0})
    assert (scores.ap_small, scores.ap_large) == (None, 0.0)


def test_nothing_to_find_is_not_measured() -> None:
    scores = score(ground_truth(dataset(([], []))), found())
    assert (scores.ap, scores.per_class, scores.instances) == (None, {}, 0)


def test_crowd_regions_absorb_detections_and_are_no_instances() -> None:
    data = dataset(([[0, 0, 50, 50], [100, 100, 200, 200]], [0, 0]))
    data.samples[0].crowd[1] = True
    in_crowd = [(0, [110.0, 110.0, 150.0, 150.0], 0.95, 0), (0, [120.0, 120.0, 160.0, 160.0], 0.94, 0)]
    scores = score(ground_truth(data), found((0, [0, 0, 50, 50], 0.9, 0), *in_crowd))
    assert scores.ap == pytest.approx(1.0)
    assert scores.instances == 1
    data.samples[0].crowd[1] = False
    assert score(ground_truth(data), found((0, [0, 0, 50, 50], 0.9, 0), *in_crowd)).ap == pytest.approx(
        51 / 101 / 3, abs=0.02
    )


def test_mean_leaves_undefined_entries_out() -> None:
    assert mean_ap(np.array([0.5, -1.0, 1.0])) == 0.75
    assert mean_ap(np.array([-1.0])) is None
