"""Detections without their naming: against pycocotools' useCats = 0, and by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.factories import sample
from support.worlds import world

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import comparable_boxes, ground_truth, precision_table, scorer_rows
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.naming import rightly_named, staying, without_classes
from forgetbench.evaluate.nms import unsuppressed
from forgetbench.evaluate.scorers import Pycocotools


def found(*rows: tuple[int, int, float, list[float]]) -> Detections:
    """Return detections from (image, class, score, box)."""
    return Detections(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int16),
        np.array([row[2] for row in rows], np.float32),
        np.array([row[3] for row in rows], np.float32).reshape(-1, 4),
    )


def annotated(*boxes: tuple[int, list[float]], crowd: int | None = None) -> Dataset:
    """Return a dataset of one image from (class, box); `crowd` is the position of a crowd region."""
    one = sample(Path("0.png"), 400, 400, [box for _, box in boxes], [label for label, _ in boxes])
    one = replace(one, crowd=np.arange(len(boxes)) == (-1 if crowd is None else crowd))
    return Dataset("one", "val", ("a", "b", "c"), (one,), Path())


@pytest.mark.parametrize("seed", range(60))
def test_one_class_is_what_coco_scores_without_categories(seed: int) -> None:
    dataset, detections = world(seed)
    evaluation = Pycocotools(dataset).evaluation(scorer_rows(detections))
    evaluation.params.useCats = 0
    evaluation.params.maxDets = [100]
    evaluation.evaluate()
    evaluation.accumulate()
    one_class = without_classes(dataset, detections)
    got = precision_table(ground_truth(one_class[0]), one_class[1], 100)
    assert got.tobytes() == np.ascontiguousarray(evaluation.eval["precision"][..., 0]).tobytes()


@pytest.mark.parametrize("iou", [0.3, 0.5, 0.7])
def test_whatstayings_is_what_suppression_leaves(iou: float) -> None:
    dropped = 0
    for seed in range(60):
        _, detections = world(seed)
        for image in np.unique(detections.image):
            mine = detections.of(detections.image == image)
            boxes = torch.from_numpy(comparable_boxes(mine))
            label = torch.from_numpy(mine.label.astype(np.int64))
            expected = unsuppressed(boxes, torch.from_numpy(mine.score), label, iou, len(mine))
            got = staying(comparable_boxes(mine).astype(np.float64), mine.label, iou)
            assert got.tolist() == sorted(expected.tolist())
            dropped += len(mine) - len(got)
    assert dropped > 100


BOX, BESIDE = [0.0, 0, 100, 100], [200.0, 0, 300, 100]


def test_a_detection_takes_the_class_of_what_it_overlaps_most() -> None:
    dataset = annotated((0, BOX), (1, [0, 0, 100, 80]))
    named = rightly_named(dataset, found((0, 2, 0.9, [0, 0, 100, 98]), (0, 2, 0.8, [0, 0, 100, 81])), iou=0.95)
    assert named.label.tolist() == [0, 1]
    assert named.score.tolist() == pytest.approx([0.9, 0.8])


def test_too_little_overlap_changes_nothing() -> None:
    dataset = annotated((0, BOX))
    given = found((0, 2, 0.9, [0, 0, 49, 100]), (0, 1, 0.8, BESIDE), (0, 2, 0.7, [0, 0, 50, 100]))
    assert rightly_named(dataset, given, iou=0.99).label.tolist() == [2, 1, 0]


def test_an_object_comes_before_the_crowd_region_around_it() -> None:
    dataset = annotated((0, [0, 0, 100, 60]), (1, [0, 0, 300, 300]), crowd=1)
    given = found((0, 2, 0.9, [0, 0, 100, 100]), (0, 2, 0.8, [150, 150, 250, 250]))
    assert rightly_named(dataset, given, iou=0.99).label.tolist() == [0, 1]


def test_of_boxes_that_come_to_be_of_one_class_suppression_leaves_the_best() -> None:
    dataset = annotated((0, BOX), (0, BESIDE))
    given = found((0, 1, 0.9, BOX), (0, 0, 0.8, BOX), (0, 0, 0.7, BESIDE), (0, 2, 0.6, [300, 300, 350, 350]))
    named = rightly_named(dataset, given, iou=0.7)
    assert [(int(label), round(float(s), 1)) for label, s in zip(named.label, named.score, strict=True)] == [
        (0, 0.9), (0, 0.7), (2, 0.6)
    ]  # fmt: skip


def test_no_detectionsstaying_none() -> None:
    assert len(rightly_named(annotated((0, BOX)), found(), iou=0.7)) == 0
    assert len(without_classes(annotated((0, BOX)), found())[1]) == 0
