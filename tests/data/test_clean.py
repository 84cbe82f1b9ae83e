"""Cleaning one image: what becomes of each odd box."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.factories import NO_FILE

from forgetbench.data.clean import Corners, RawBox, clean_sample
from forgetbench.data.dataset import OddityReport, Sample


def cleaned(*raw: RawBox) -> tuple[Sample, OddityReport]:
    report = OddityReport()
    return clean_sample(Path("a.png"), (100, 50), raw, ("x", "y"), report, file="a.txt", sha256=NO_FILE), report


def box(*corners: float, label: int | str = 0, place: str = "line 1", polygon: bool = False) -> RawBox:
    x1, y1, x2, y2 = corners
    return RawBox(label, (x1, y1, x2, y2), place, polygon=polygon)


def test_sound_boxes_keep_order_class_and_area() -> None:
    sample, report = cleaned(box(10, 20, 30, 40, label=1), box(0, 0, 5, 4, label="x"))
    assert sample.boxes.tolist() == [[10, 20, 30, 40], [0, 0, 5, 4]]
    assert sample.classes.tolist() == [1, 0]
    assert sample.areas.tolist() == [400, 20]
    assert sample.crowd.tolist() == [False, False]
    assert report.found == []


def test_no_boxes_still_have_shape() -> None:
    sample, report = cleaned()
    assert sample.boxes.shape == (0, 4)
    assert sample.boxes.dtype == np.float64
    assert sample.classes.dtype == np.int64
    assert sample.crowd.dtype == np.bool_
    assert report.found == []


@pytest.mark.parametrize(
    ("corners", "clipped", "word"),
    [
        ((-5, 10, 20, 30), [[0, 10, 20, 30]], "clipped"),
        ((90, 40, 130, 60), [[90, 40, 100, 50]], "clipped"),
        ((100, 10, 120, 30), [], "dropped"),
        ((10, -30, 20, -10), [], "dropped"),
    ],
)
def test_box_beyond_the_image_is_clipped_or_dropped(corners: Corners, clipped: list[list[float]], word: str) -> None:
    sample, report = cleaned(box(*corners))
    assert sample.boxes.tolist() == clipped
    assert report.counts() == {"label-out-of-range": 1}
    assert report.found[0].file == "a.txt"
    assert report.found[0].detail.startswith("line 1: ")
    assert report.found[0].detail.endswith(word)


def test_rounding_at_the_edge_is_clipped_in_silence() -> None:
    sample, report = cleaned(box(-0.05, 0, 100.09, 50))
    assert sample.boxes.tolist() == [[0, 0, 100, 50]]
    assert report.found == []


@pytest.mark.parametrize("corners", [(10, 10, 10, 20), (10, 20, 30, 20), (30, 10, 20, 20)])
def test_box_without_area_is_dropped(corners: Corners) -> None:
    sample, report = cleaned(box(*corners))
    assert len(sample.boxes) == 0
    assert report.counts() == {"zero-area-box": 1}


@pytest.mark.parametrize("label", [2, -1, "z"])
def test_class_beyond_the_names_is_dropped(label: int | str) -> None:
    sample, report = cleaned(box(1, 1, 9, 9, label=label), box(1, 1, 9, 9, label=1))
    assert sample.classes.tolist() == [1]
    assert report.counts() == {"class-beyond-names": 1}


def test_duplicate_is_dropped_unless_its_class_differs() -> None:
    sample, report = cleaned(box(1, 1, 9, 9), box(1, 1, 9, 9, label=1, place="line 2"), box(1, 1, 9, 9, place="line 3"))
    assert sample.classes.tolist() == [0, 1]
    assert [(oddity.kind, oddity.detail) for oddity in report.found] == [
        ("duplicate-box", "line 3: same box and class as line 1: dropped")
    ]


def test_own_area_and_crowd_flag_are_kept() -> None:
    sample, _ = cleaned(RawBox(0, (0, 0, 10, 10), "annotation 1", crowd=True, area=37.5))
    assert sample.areas.tolist() == [37.5]
    assert sample.crowd.tolist() == [True]
