from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.factories import sample

from forgetbench.data.align import align_classes
from forgetbench.data.dataset import Dataset, OddityReport
from forgetbench.errors import DataError


def dataset(*classes: str) -> Dataset:
    boxes = [[0, 0, 10 * (i + 1), 10] for i in range(len(classes))]
    return Dataset("data", "val", classes, (sample(Path("a.jpg"), 50, 50, boxes, range(len(classes))),), Path())


def test_classes_are_put_in_the_models_order_by_name() -> None:
    report = OddityReport()
    made = align_classes(dataset("Traffic_Light", "cat"), ("cat", "dog", "traffic light"), report)
    assert made.classes == ("cat", "dog", "traffic light")
    assert made.samples[0].classes.tolist() == [2, 0]
    assert report.found == []


def test_boxes_of_unknown_classes_are_left_out_and_reported() -> None:
    report = OddityReport()
    given = dataset("zebra", "cat")
    given = replace(given, samples=(replace(given.samples[0], crowd=np.array([True, True])),))
    (made,) = align_classes(given, ("cat", "dog"), report).samples
    assert (made.classes.tolist(), made.boxes.tolist()) == ([0], [[0, 0, 20, 10]])
    assert (made.areas.tolist(), made.crowd.tolist()) == ([200.0], [True])
    assert report.counts() == {"class-unknown-to-model": 1}
    assert "'zebra'" in report.found[0].detail


def test_data_without_a_class_of_the_model_are_refused() -> None:
    with pytest.raises(DataError, match=r"no class of the reference data is known to the model; expected some of cat"):
        align_classes(dataset("zebra"), ("cat",), OddityReport())
