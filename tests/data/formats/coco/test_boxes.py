"""Boxes of COCO's annotations, by hand."""

from typing import Any

import pytest

from forgetbench.data.clean import RawBox
from forgetbench.data.formats.coco.boxes import reach_of, read_box


def test_a_box_is_its_corner_and_size() -> None:
    given = {"bbox": [10, "20", 5, 4], "area": 12, "iscrowd": 0}
    assert read_box(given, "cat", "a.json") == RawBox("cat", (10, 20, 15, 24), "a.json", area=12.0)
    crowd = read_box({"bbox": [0, 0, 2, 2], "area": -1, "iscrowd": 1}, "cat", "a.json")
    assert (crowd.crowd, crowd.area) == (True, None)


def test_an_outline_stands_in_for_a_box() -> None:
    found = read_box({"segmentation": [[1, 9, 4, 2, 3, 7], [6, 5, 2, 3]]}, "cat", "a.json")
    assert (found.corners, found.polygon) == ((1, 2, 6, 9), True)


@pytest.mark.parametrize(
    "given",
    [{}, {"bbox": [1, 2, 3]}, {"bbox": "1234"}, {"bbox": [1, 2, 3, "x"]}, {"bbox": [1, 2, float("nan"), 4]},
     {"bbox": [1, 2, 3, 4], "area": float("inf")}, {"segmentation": {"counts": []}}],
)  # fmt: skip
def test_what_is_no_box_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_box(given, "cat", "a.json")


def test_reach_is_that_of_the_usable_boxes() -> None:
    boxes: list[dict[str, Any]] = [{"bbox": [10, 0, 5, 40]}, {"bbox": [0, 0, 30, 1]}, {"bbox": None}]
    assert reach_of([*boxes, {"bbox": [0, 0, float("inf"), 1]}]) == (30, 40)
    assert reach_of(boxes[2:]) is None
