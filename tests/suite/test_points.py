from typing import TypedDict

import pytest

from forgetbench.errors import SuiteError
from forgetbench.suite.points import (
    attach_points_of,
    freeze_label,
    resolve_attach_point,
    resolve_freeze_point,
)


class Indices(TypedDict):
    head: int
    neck: int


YOLOV8: Indices = {"head": 22, "neck": 10}
YOLOV10: Indices = {"head": 23, "neck": 11}


@pytest.mark.parametrize(
    ("point", "v8", "v10"),
    [
        ("none", 0, 0),
        ("first-1", 1, 1),
        ("first-4", 4, 4),
        ("first-22", 22, 22),
        ("backbone", 10, 11),
        ("all-but-head", 22, 23),
        (0, 0, 0),
        (15, 15, 15),
        (22, 22, 22),
    ],
)
def test_freeze_point_is_resolved_per_model(point: int | str, v8: int, v10: int) -> None:
    assert resolve_freeze_point(point, **YOLOV8) == v8
    assert resolve_freeze_point(point, **YOLOV10) == v10


@pytest.mark.parametrize("point", [23, "first-23"])
def test_freeze_point_beyond_the_head_says_range_and_head(point: int | str) -> None:
    with pytest.raises(SuiteError, match=r"beyond the detection head; expected .* 0 to 22 \(module 22 is the head\)"):
        resolve_freeze_point(point, **YOLOV8)
    assert resolve_freeze_point(point, **YOLOV10) == 23


@pytest.mark.parametrize(
    ("point", "near"), [("backbon", "backbone"), ("all-but-heads", "all-but-head"), ("first4", "first-4")]
)
def test_unknown_freeze_name_gets_the_nearest(point: str, near: str) -> None:
    with pytest.raises(SuiteError, match=f"unknown freeze point '{point}'.*did you mean '{near}'"):
        resolve_freeze_point(point, **YOLOV8)


@pytest.mark.parametrize("point", [-1, "22", "first-0", "first-", ""])
def test_impossible_freeze_points_are_refused(point: int | str) -> None:
    with pytest.raises(SuiteError):
        resolve_freeze_point(point, **YOLOV8)


@pytest.mark.parametrize(
    ("index", "v8", "v10"),
    [
        (0, "none (0)", "none (0)"),
        (4, "first-4 (4)", "first-4 (4)"),
        (10, "backbone (10)", "first-10 (10)"),
        (11, "11", "backbone (11)"),
        (15, "15", "15"),
        (22, "all-but-head (22)", "22"),
        (23, "23", "all-but-head (23)"),
    ],
)
def test_freeze_label(index: int, v8: str, v10: str) -> None:
    assert freeze_label(index, **YOLOV8) == v8
    assert freeze_label(index, **YOLOV10) == v10


@pytest.mark.parametrize("index", range(23))
def test_freeze_label_names_resolve_to_their_own_index(index: int) -> None:
    name = freeze_label(index, **YOLOV8).split(" ")[0]
    assert resolve_freeze_point(int(name) if name.isdecimal() else name, **YOLOV8) == index


@pytest.mark.parametrize(
    ("point", "freeze_point", "expected"),
    [
        ("head", 10, 22),
        ("head", 22, 22),
        ("freeze-point", 10, 10),
        ("freeze-point", 0, 0),
        (15, 10, 15),
        (15, 15, 15),
        (15, 22, 22),  # modules 15-21 are the original's own where 22 is the freeze point
        (0, 10, 10),
        (22, 10, 22),
        ("15", 10, 15),  # as tables call it
    ],
)
def test_attach_point(point: int | str, freeze_point: int, expected: int) -> None:
    assert resolve_attach_point(point, freeze_point=freeze_point, head=22) == expected


def test_all_attach_points_go_from_the_head_to_the_freeze_point() -> None:
    assert attach_points_of(["all"], 4) == ["head", "3", "2", "1", "freeze-point"]
    assert attach_points_of(["freeze-point", 3], 4) == ["freeze-point", "3"]


def test_attach_point_beyond_the_head() -> None:
    with pytest.raises(SuiteError, match="0 to 22"):
        resolve_attach_point(23, freeze_point=10, head=22)


@pytest.mark.parametrize("point", [-1, "haed", "backbone"])
def test_impossible_attach_points_are_refused(point: int | str) -> None:
    with pytest.raises(SuiteError, match="attach point"):
        resolve_attach_point(point, freeze_point=10, head=22)
