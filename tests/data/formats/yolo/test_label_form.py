"""The form of label lines: boxes, polygons, keypoints and predictions are told apart by all lines together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from forgetbench.data.formats.yolo.label_form import (
    LabelForm,
    crossings,
    is_convex,
    is_parallelogram,
    is_plausible_box,
    is_scored,
    is_tracked,
)

Points = NDArray[np.float64]
Shape = Callable[[np.random.Generator, Points, float, int], Points]
SQUARE = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4]]


def form_of(*lines: Sequence[float] | str, decimals: int = 6) -> LabelForm:
    form = LabelForm()
    for line in lines:
        text = line if isinstance(line, str) else " ".join(f"{value:.{decimals}f}" for value in line)
        form.add(["0", *text.split()])
    return form


@pytest.mark.parametrize(
    ("values", "plausible"),
    [
        ((0.5, 0.5, 1, 1), True),
        ((0.1, 0.9, 0.2, 0.2), True),
        ((0.1, 0.9, 0.206, 0.2), True),  # 0.003 beyond the image: rounding
        ((0.1, 0.9, 0.3, 0.2), False),
        ((0.5, 0.9, 0.1, 0.3), False),
        ((0.5, 0.5, 0, 0.1), False),
        ((0.5, 0.5, 0.1, -0.1), False),
    ],
)
def test_plausible_box(values: tuple[float, ...], plausible: bool) -> None:
    assert is_plausible_box(values) == plausible


@pytest.mark.parametrize(
    ("extra", "tracked"),
    [
        ((0.9, 7), True),
        ((7, 0.9), True),
        ((0, 0), True),
        ((1, 1), True),
        ((1.1, 7), False),
        ((0.9, 0.5), False),
        ((0.9, -1), True),
        ((0.9, -2), False),
    ],
)
def test_confidence_and_track(extra: tuple[float, float], tracked: bool) -> None:
    assert is_tracked((0.5, 0.5, 0.2, 0.2, *extra)) == tracked
    assert not is_tracked((0.5, 0.5, 0.2, 1.2, *extra))


@pytest.mark.parametrize(("extra", "scored"), [(0.9, True), (0, True), (12, True), (1.5, False), (-1, False)])
def test_confidence_or_track(extra: float, scored: bool) -> None:
    assert is_scored((0.5, 0.5, 0.2, 0.2, extra)) == scored


def test_rings() -> None:
    square = np.array(SQUARE)
    bow_tie = square[[0, 1, 3, 2]]
    arrow = np.array([[0.2, 0.2], [0.4, 0.3], [0.2, 0.4], [0.25, 0.3]])
    star = np.array([[np.cos(angle), np.sin(angle)] for angle in np.arange(5) * 0.8 * np.pi])
    assert [crossings(ring) for ring in (square, bow_tie, arrow, star)] == [0, 1, 0, 5]
    assert [is_convex(ring) for ring in (square, square[::-1], arrow)] == [True, True, False]
    assert [is_parallelogram(ring) for ring in (square, bow_tie, arrow, star)] == [True, True, False, False]
    closed = np.vstack([square, square[:1]])
    assert (crossings(closed), is_convex(closed)) == (0, True)
    assert crossings(np.array([[0.2, 0.2]] * 4)) == 0


def turned_box(rng: np.random.Generator, centre: Points, reach: float, _: int) -> Points:
    width, height = reach * rng.uniform(0.1, 0.7, 2)
    angle = rng.uniform(0, 2 * np.pi)
    turn: Points = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) @ turn + centre


def zigzag_box(rng: np.random.Generator, centre: Points, reach: float, _: int) -> Points:
    return turned_box(rng, centre, reach, 4)[[0, 1, 3, 2]]


def rectangle(rng: np.random.Generator, centre: Points, reach: float, count: int) -> Points:
    width, height = reach * rng.uniform(0.1, 1, 2)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) + centre
    corners = np.roll(corners, rng.integers(4), axis=0)[:: rng.choice([-1, 1])]
    return np.vstack([corners, corners[:1]]) if count % 2 else corners


def quadrangle(rng: np.random.Generator, centre: Points, reach: float, _: int) -> Points:
    angles = np.sort(rng.uniform(0, 2 * np.pi, 4))
    ring: Points = np.c_[np.cos(angles), np.sin(angles) * rng.uniform(0.2, 1)] * reach + centre
    return ring


def circle(rng: np.random.Generator, centre: Points, reach: float, count: int) -> Points:
    angles = np.arange(count) / count * 2 * np.pi + rng.uniform(0, 7)
    ring: Points = np.c_[np.cos(angles), np.sin(angles)] * reach + centre
    return ring


def blob(rng: np.random.Generator, centre: Points, reach: float, count: int) -> Points:
    angles = np.arange(count) / count * 2 * np.pi
    radii = reach * rng.uniform(0.3, 1, count)
    ring: Points = np.c_[np.cos(angles) * radii, np.sin(angles) * radii] + centre
    return ring


@pytest.mark.parametrize("shape", [turned_box, zigzag_box, rectangle, quadrangle, circle, blob])
def test_outlines_are_never_taken_for_anything_else(shape: Shape) -> None:
    rng = np.random.default_rng(0)
    for _ in range(600):
        lines, points, decimals = (int(rng.choice(of)) for of in ([1, 2, 3, 5, 15], [4, 5, 6, 8, 13], [3, 4, 6]))
        reach = rng.uniform(0.01, 0.3)
        where = rng.choice(["anywhere", "one place", "upper left"])
        place = rng.uniform(reach, 1 - reach, 2)
        outlines: list[list[float]] = []
        for _ in range(lines):
            if where != "one place":
                place = rng.uniform(reach, max(0.45, reach + 0.01) if where == "upper left" else 1 - reach, 2)
            outline = shape(rng, place, reach * rng.uniform(0.5, 1), points)
            outlines.append(np.clip(np.roll(outline, 0, axis=0), 0, 1).ravel().tolist())
        form = form_of(*outlines, decimals=decimals)
        assert form.keypoints is None
        assert not form.has_scores


def pose(rng: np.random.Generator, count: int, numbers: int) -> list[float]:
    size = rng.uniform(0.02, 0.8, 2)
    centre = rng.uniform(size / 2, 1 - size / 2)
    keypoints = rng.uniform(-0.5, 0.5, (count, 2)) * size + centre
    visible = rng.integers(0, 3, count)
    keypoints[visible == 0] = 0
    written = keypoints if numbers == 2 else np.c_[keypoints, visible]
    return [*centre, *size, *written.ravel()]


@pytest.mark.parametrize("numbers", [2, 3])
@pytest.mark.parametrize("count", range(2, 18))
def test_pose_labels_are_found(count: int, numbers: int) -> None:
    rng = np.random.default_rng(count)
    found = [form_of(*(pose(rng, count, numbers) for _ in range(12))).keypoints for _ in range(20)]
    assert set(found) <= {(count, numbers), None}
    assert found.count((count, numbers)) >= 19 if (count, numbers) != (2, 2) else 16


def test_box_around_its_keypoints_is_no_outline_even_alone() -> None:
    corners = [0.4, 0.3, 0.6, 0.3, 0.6, 0.7, 0.4, 0.7]
    assert form_of([0.5, 0.5, 0.2, 0.4, *corners]).keypoints == (4, 2)


def test_lines_of_different_lengths_or_of_no_box_are_polygons() -> None:
    rng = np.random.default_rng(1)
    poses = [pose(rng, 5, 2) for _ in range(20)]
    assert form_of(*poses).keypoints == (5, 2)
    assert form_of(*poses, pose(rng, 6, 2)).keypoints is None
    assert form_of(*poses, [0.9, 0.9, 0.5, 0.5, *poses[0][4:]]).keypoints is None


@pytest.mark.parametrize(("count", "numbers"), [(5, 2), (17, 3), (4, 3)])
def test_pose_labels_among_plain_boxes(count: int, numbers: int) -> None:
    rng = np.random.default_rng(count)
    poses, plain = [pose(rng, count, numbers) for _ in range(12)], [[0.5, 0.5, 0.1, 0.1]]
    assert form_of(*plain, *poses, *plain * 23).keypoints == (count, numbers)
    assert form_of(*plain, *poses, *plain * 24).keypoints is None  # few enough to be slips


TRACK, BOX = "0.5 0.5 0.2 0.2 0.91 3", "0.5 0.5 0.2 0.2"


@pytest.mark.parametrize(
    ("lines", "scored"),
    [
        ([TRACK], True),
        ([TRACK, BOX, BOX], True),
        (["0.5 0.5 0.2 0.2 3 0.91", "0.5 0.5 0.2 0.2 1 0.8"], True),  # number first
        (["0.5 0.5 0.2 0.2 1 0.91", "0.5 0.5 0.2 0.2 0 0.8"], False),  # triangles at the border
        ([TRACK, "0.5 0.5 0.2 0.2 0 12"], True),
        ([TRACK, "0.1 0.2 0.3 0.4 0.5 0.6"], False),  # a triangle
        ([TRACK, "0.1 0.1 0.3 0.1 0.3 0.3 0.1 0.3"], False),  # a polygon
        (["0.5 0.5 0.2 0.2 0.9 1"] * 2, True),
        (["0.5 0.5 0.2 0.2 0.9 1", BOX, BOX], False),  # one triangle that ends at the border
        (["0.5 0.5 0.2 0.2 0.9 1", "0.1 0.1 0.3 0.1 0.3 0.3 0.1 0.3"], False),
        ([f"{BOX} 0.9", f"{BOX} 0.8"], True),
        ([f"{BOX} 1", f"{BOX} 7", BOX], True),
        ([f"{BOX} 0.9", *[BOX] * 9], False),  # a slip
        ([f"{BOX} 0.9", TRACK], True),  # not every box has a track
        ([TRACK, f"{BOX} 0.9", BOX], True),
        ([TRACK, f"{BOX} 0.9", *[BOX] * 9], False),
        ([f"{BOX} 0.9 -1", f"{BOX} 0.8 -1"], True),  # lost
        ([f"{BOX} 0.9", "0.1 0.2 0.3 0.4 0.5 0.6"], False),
        ([f"{BOX} high", f"{BOX} 0.9"], False),
        ([f"{BOX} nan"], False),
        ([BOX], False),
        ([], False),
    ],
)
def test_predictions(lines: list[str], scored: bool) -> None:
    assert form_of(*lines).has_scores == scored
