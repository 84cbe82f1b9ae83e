"""Lines of YOLO label files: boxes, polygons, oriented boxes and poses, well formed and odd."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

from support.generated import Box, Size, random_box

#: Returns the lines of one label file for an image of this size and this number of classes. Those of a part's first
#: image are plain: all usable, one of class 0, and nothing that could be taken for another form.
Lines = Callable[[Random, Size, int, bool], list[str]]


def _numbers(rng: Random, values: Sequence[float]) -> list[str]:
    form = rng.choice(("{:.6f}", "{:.8f}", "{!r}", "{:.7e}"))
    return [form.format(float(value)) for value in values]


def _line(rng: Random, label: int, values: Sequence[float]) -> str:
    number = f"{label}.0" if rng.random() < 0.1 else str(label)
    return rng.choice((" ", " ", "\t", "  ")).join([number, *_numbers(rng, values)])


def _shares(box: Box, size: Size) -> tuple[float, float, float, float]:
    (x1, y1, x2, y2), (width, height) = box, size
    return (x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height


def _odd_shares(rng: Random, size: Size) -> tuple[float, float, float, float]:
    """Return a box over an edge, beside the image, without a side, or with numbers a little out of range."""
    x, y, w, h = _shares(random_box(rng, size), size)
    return rng.choice(
        [
            (rng.uniform(0.8, 0.99), y, rng.uniform(0.5, 0.9), h),
            (x, rng.uniform(0.001, 0.1), w, rng.uniform(0.4, 1.0)),
            (rng.uniform(1.001, 1.009), y, w, h),
            (-rng.uniform(0.001, 0.009), y, w, h),
            (1.005, y, 0.001, h),
            (x, y, 0.0, h),
            (0.5, 0.5, 1.0, 1.0),
            (x, y, 1.2, h),
            (x, y, w, -h),
        ]
    )


def box_lines(rng: Random, size: Size, classes: int, first: bool) -> list[str]:
    """Return `class cx cy w h`, some over the edge, twice there, or of a class beyond the names."""
    lines = [_line(rng, 0, _shares(random_box(rng, size), size))]
    if first:
        return lines + [_line(rng, classes - 1, _shares(random_box(rng, size), size)) for _ in range(rng.randrange(3))]
    for _ in range(rng.randrange(4)):
        box = _odd_shares(rng, size) if rng.random() < 0.25 else _shares(random_box(rng, size), size)
        lines.append(_line(rng, classes if rng.random() < 0.02 else rng.randrange(classes), box))
    if rng.random() < 0.2:
        lines.append(rng.choice(lines))
    return rng.sample(lines, len(lines))


def _outline(rng: Random, count: int) -> list[float]:
    """Return points around a middle, some a little outside the image."""
    x, y, reach = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8), rng.uniform(0.12, 0.3)
    angles = sorted(rng.uniform(0, 2 * math.pi) for _ in range(count))
    points = [(x + reach * math.cos(angle), y + reach * math.sin(angle)) for angle in angles]
    return [value for point in points for value in point]


def _oriented(rng: Random) -> list[float]:
    x, y = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8)
    half_width, half_height, angle = rng.uniform(0.1, 0.25), rng.uniform(0.05, 0.2), rng.uniform(0, math.pi)
    cos, sin = math.cos(angle), math.sin(angle)
    values = []
    for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        across, along = dx * half_width, dy * half_height
        values += [x + across * cos - along * sin, y + across * sin + along * cos]
    return values


def _outline_not_pose(draw: Callable[[], list[float]]) -> list[float]:
    """Draw until the first four numbers are no box around the other points: nobody could take it for a pose."""
    while True:
        values = draw()
        x, y, w, h = values[:4]
        others = zip(values[4::2], values[5::2], strict=True)
        if all(abs(across - x) > w / 2 or abs(along - y) > h / 2 for across, along in others) and values[-1] != int(
            values[-1]
        ):
            return values


def polygon_lines(rng: Random, size: Size, classes: int, first: bool) -> list[str]:
    """Return polygons of three points or more, or in some files boxes; seldom both, which Ultralytics refuses."""
    if not first and rng.random() < 0.25:
        return box_lines(rng, size, classes, first)
    lines = []
    for index in range(rng.randint(2, 4)):
        values = (
            _outline_not_pose(lambda: _outline(rng, rng.randint(3, 8))) if first else _outline(rng, rng.randint(3, 8))
        )
        lines.append(_line(rng, 0 if index == 0 else rng.randrange(classes), values))
    if not first and rng.random() < 0.2:
        lines.append(rng.choice([rng.choice(lines), *box_lines(rng, size, classes, True)]))
    return lines


def oriented_lines(rng: Random, size: Size, classes: int, first: bool) -> list[str]:
    """Return the four corners of boxes that are turned by some angle."""
    drawn = [_outline_not_pose(lambda: _oriented(rng)) if first else _oriented(rng) for _ in range(rng.randint(1, 4))]
    return [_line(rng, 0 if index == 0 else rng.randrange(classes), values) for index, values in enumerate(drawn)]


def pose_lines(points: int, numbers: int) -> Lines:
    """Return a maker of boxes followed by points of two or three numbers, inside the box or, as hidden ones, 0."""

    def lines(rng: Random, size: Size, classes: int, first: bool) -> list[str]:
        made = []
        for index in range(rng.randint(1, 3)):
            x, y, w, h = _shares(random_box(rng, size), size)
            values = [x, y, w, h]
            for _ in range(points):
                seen = rng.random() < 0.8
                point = (x + rng.uniform(-0.5, 0.5) * w, y + rng.uniform(-0.5, 0.5) * h) if seen else (0.0, 0.0)
                values += [*point, 2.0 * seen][:numbers]
            plain = not first and rng.random() < 0.1
            made.append(_line(rng, 0 if index == 0 else rng.randrange(classes), values[:4] if plain else values))
        if rng.random() < 0.2:
            made.append(made[0])
        return made

    return lines
