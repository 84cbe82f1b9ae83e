from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.factories import sample

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.detections import Detections, gather
from forgetbench.evaluate.image_score import confident, image_score, image_scores

Row = tuple[list[float], float, int]
SQUARE, FAR = [0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]


def found(*rows: Row) -> Detections:
    return gather([(0, np.array([[*box, score, label] for box, score, label in rows], np.float32).reshape(-1, 6))])


@pytest.mark.parametrize(
    ("boxes", "labels", "rows", "expected"),
    [
        ([SQUARE], [0], [(SQUARE, 0.9, 0)], 1.0),
        ([SQUARE], [0], [(SQUARE, 0.9, 1)], 0.0),  # another class: a false alarm and a miss
        ([SQUARE, FAR], [0, 0], [(SQUARE, 0.9, 0), ([20, 0, 30, 10], 0.8, 0)], 0.5),  # 2 / (2 + 1 + 1)
        ([SQUARE], [0], [(SQUARE, 0.9, 0), ([0, 0, 10, 9], 0.8, 0)], 2 / 3),  # a box is found once
        ([SQUARE, FAR], [0, 0], [(SQUARE, 0.9, 0)], 2 / 3),
        ([SQUARE], [0], [([0, 0, 10, 5], 0.9, 0)], 1.0),  # IoU 0.5
        ([SQUARE], [0], [([0, 0, 10, 4.9], 0.9, 0)], 0.0),
        ([SQUARE, [0, 0, 10, 8]], [0, 0], [([0, 0, 10, 8], 0.9, 0), (SQUARE, 0.8, 0)], 1.0),  # each takes its best
        ([SQUARE], [0], [], 0.0),
        ([], [], [(SQUARE, 0.9, 0)], 0.0),
        ([], [], [], None),
    ],
)
def test_f1_by_hand(boxes: list[list[float]], labels: list[int], rows: list[Row], expected: float | None) -> None:
    assert image_score(sample(Path("a.png"), 100, 100, boxes, labels), found(*rows)) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], None),  # a crowd need not be found
        ([([1, 1, 3, 3], 0.9, 0)], None),  # nor does what lies in it count
        ([([1, 1, 3, 3], 0.9, 1)], 0.0),  # unless it is of another class
        ([([8, 0, 13, 10], 0.9, 0)], 0.0),  # or lies in it by less than half
    ],
)
def test_crowds_are_ignored(rows: list[Row], expected: float | None) -> None:
    crowded = replace(sample(Path("a.png"), 100, 100, [SQUARE], [0]), crowd=np.array([True]))
    assert image_score(crowded, found(*rows)) == expected
    assert crowded.crowd.tolist() == [True]


def test_images_are_scored_by_their_own_detections_above_the_threshold() -> None:
    samples = tuple(sample(Path(f"{i}.png"), 100, 100, [SQUARE], [0]) for i in range(4))
    dataset = Dataset("d", "val", ("a",), samples, Path())
    right, weak = [*SQUARE, 0.9, 0], [*SQUARE, 0.25, 0]
    detections = gather(
        [
            (index, np.array(rows, np.float32).reshape(-1, 6))
            for index, rows in enumerate([[right, weak], [], [weak], [[*FAR, 0.9, 0], right]])
        ]
    )
    assert image_scores(dataset, detections) == [1.0, 0.0, 0.0, 2 / 3]
    assert confident(detections, 3).box.tolist() == [FAR, SQUARE]
    assert len(confident(detections, 2)) == 0
