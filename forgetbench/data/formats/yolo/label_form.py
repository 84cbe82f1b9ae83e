"""Which form the label lines of a YOLO dataset have, decided once from all of them, never from one line alone.

A line is a class and a box (four numbers) or the points of a polygon or oriented box (six or more). Two others look so:

- Pose labels: a box and its keypoints, as pairs or as triples that end in a visibility of 0, 1 or 2. Read where the
  data.yaml has `kpt_shape`, else refused where the lines of the whole dataset cannot well be anything else.
- Files that trackers and predictions write (`save_txt` with `save_conf`): a box, a confidence and a track's number.

Where lines may as well be polygons, they are polygons: an outline neither crosses itself nor has its second point far
from all others, which is where width and height of a box are as a point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

#: Shares of the image that a box may reach beyond it before it is no plausible box: files round their numbers.
_ROUNDING = 0.005
#: Share of a box's side that a keypoint may lie outside it.
_MARGIN = 0.05
#: Share of the lines whose box has to hold all its keypoints: people place some a little outside.
_HOLDING = 0.9
#: Share of the lines that must be no outline before all are taken for pose labels: where there are many, and some.
_NO_OUTLINE, _MANY = 1 / 3, 10
_NO_OUTLINE_OF_SOME, _SOME = 1 / 2, 5
#: Where there are fewer, they have to cross themselves so often (careless outlines do it once), or to have their first
#: point in the middle of three others or more, within this share of their extent.
_TANGLED, _AMID = 3, 0.15
#: Lines that are looked at as outlines.
_MOST_OUTLINES = 500
#: Twice the area (in shares of the image) under which three points count as on one line.
_ON_A_LINE = 2e-7
#: How far a corner may be off where numbers have three decimals.
_COARSE = 2e-3
#: Share of lines that have a form from which it is taken for the dataset's: some objects have a box alone.
_ENOUGH = 1 / 3
#: Columns of a box with a confidence or a track's number, and with both: trackers leave out what they do not know.
_PREDICTED = frozenset({6, 7})

Points = NDArray[np.float64]


def is_plausible_box(values: Sequence[float]) -> bool:
    """Tell whether four numbers can be a box (cx, cy, w, h) in shares of an image: of some size and inside it."""
    x, y, w, h = values[:4]
    return all(
        side > 0 and centre - side / 2 >= -_ROUNDING and centre + side / 2 <= 1 + _ROUNDING
        for centre, side in ((x, w), (y, h))
    )


def is_tracked(values: Sequence[float]) -> bool:
    """Tell whether six numbers can be a box and, in either order, a confidence and a track's number."""
    *box, one, other = values
    if not is_plausible_box(box):
        return False
    orders = ((one, other), (other, one))
    # Some trackers number what they lost -1.
    return any(0 <= share <= 1 and number >= -1 and number == int(number) for share, number in orders)


def is_scored(values: Sequence[float]) -> bool:
    """Tell whether five numbers can be a box and a confidence or a track's number."""
    *box, extra = values
    return is_plausible_box(box) and (0 <= extra <= 1 or (extra > 0 and extra == int(extra)))


def crossings(points: Points) -> int:
    """Return how many pairs of edges cross in the closed ring through (n, 2) points; touching is not crossing."""
    ring = _distinct(points)
    if len(ring) < 4:
        return 0
    start, end = ring, np.roll(ring, -1, axis=0)
    along = (end - start)[:, None]
    to_ends = (start - start[:, None], end - start[:, None])
    sides = [along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0] for to in to_ends]
    # of edge i: on which sides of it the ends of edge j lie
    apart = (np.minimum(*sides) < -_ON_A_LINE) & (np.maximum(*sides) > _ON_A_LINE)
    return int((apart & apart.T).sum()) // 2


def is_convex(points: Points) -> bool:
    """Tell whether the closed ring through (n, 2) points turns one way only."""
    ring = _distinct(points)
    along = np.roll(ring, -1, axis=0) - ring
    after = np.roll(along, -1, axis=0)
    turns = along[:, 0] * after[:, 1] - along[:, 1] * after[:, 0]
    return bool((turns >= -_ON_A_LINE).all() or (turns <= _ON_A_LINE).all())


def is_parallelogram(points: Points) -> bool:
    """Tell whether four points are a parallelogram's corners, in any order."""
    if len(points) != 4:
        return False
    a, b, c, d = points
    slack = 0.02 * float(np.ptp(points, axis=0).max()) + _COARSE
    return min(float(np.abs(gap).max()) for gap in (a + c - b - d, a + b - c - d, a + d - b - c)) <= slack


@dataclass
class _Pose:
    """What speaks for one reading as pose labels: keypoints of two numbers or three."""

    numbers: int
    lines: int = 0
    holding: int = 0
    looked_at: int = 0
    no_outline: int = 0
    tangled: int = 0

    def add(self, values: Sequence[float]) -> bool:
        """Take a line's numbers into account; return whether they can be a box and keypoints at all."""
        rest = np.asarray(values[4:], dtype=np.float64)
        if len(rest) % self.numbers or len(rest) < 2 * self.numbers or not is_plausible_box(values):
            return False
        keypoints = rest.reshape(-1, self.numbers)
        seen = keypoints[(keypoints[:, :2] != 0).any(axis=1)]
        if self.numbers == 3:
            if not np.isin(keypoints[:, 2], (0, 1, 2)).all():
                return False
            seen = keypoints[keypoints[:, 2] > 0]
        box = np.asarray(values[:4], dtype=np.float64).reshape(2, 2)
        self.lines += 1
        reach = box[1] * (0.5 + _MARGIN) + 1e-3
        self.holding += bool((np.abs(seen[:, :2] - box[0]) <= reach).all())
        if self.looked_at < _MOST_OUTLINES:
            self.looked_at += 1
            self._look_at(np.asarray(values, dtype=np.float64), box, seen[:, :2], keypoints)
        return True

    def _look_at(self, values: Points, box: Points, seen: Points, keypoints: Points) -> None:
        if len(values) % 2 or (self.numbers == 3 and (keypoints[:, 2] == 2).any()) or _fits(box, seen):
            self.no_outline += 1
            self.tangled += 1
            return
        ring = values.reshape(-1, 2)
        if not is_parallelogram(ring):
            crossed, hollow = crossings(ring), not is_convex(ring)
            amid = hollow and _is_amid(box[0], seen)
            self.no_outline += crossed > 0 or amid or (hollow and _second_is_far(ring))
            self.tangled += crossed >= _TANGLED or (amid and len(seen) >= _TANGLED)

    @property
    def is_likely(self) -> bool:
        """Tell whether the lines so far are pose labels and no polygons."""
        if not self.lines or self.holding < _HOLDING * self.lines:
            return False
        if self.looked_at < _SOME:
            return self.tangled > self.looked_at * _NO_OUTLINE_OF_SOME
        return self.no_outline > self.looked_at * (_NO_OUTLINE if self.looked_at >= _MANY else _NO_OUTLINE_OF_SOME)


def _fits(box: Points, seen: Points) -> bool:
    """Tell whether a box is the one around its keypoints, which no outline's first two points are."""
    if len(seen) < 2:
        return False
    low, high = seen.min(axis=0), seen.max(axis=0)
    slack = 0.02 * box[1]
    return bool((np.abs((low + high) / 2 - box[0]) <= slack).all() and (np.abs(high - low - box[1]) <= slack).all())


def _is_amid(point: Points, others: Points) -> bool:
    """Tell whether a point is in the middle of others, as a box's centre is and a corner of an outline is not."""
    if len(others) < 2:
        return False
    low, high = others.min(axis=0), others.max(axis=0)
    return bool((np.abs(point - (low + high) / 2) <= _AMID * (high - low)).all())


def _second_is_far(ring: Points) -> bool:
    others = np.delete(ring, 1, axis=0)
    low, high = others.min(axis=0), others.max(axis=0)
    beyond = np.maximum(np.maximum(low - ring[1], ring[1] - high), 0)
    return bool(np.hypot(*beyond) > np.hypot(*(high - low)))


def _distinct(points: Points) -> Points:
    """Return a ring without points that repeat the one before them."""
    distinct: Points = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    return distinct


@dataclass
class LabelForm:
    """Finds out what the lines of all label files have in common; numbers are looked at only while that may matter.

    Attributes:
        lines: Lines seen.
        longer: Those of more than five columns.
        length: The most columns of those, None where they have no form in common or there are none.
    """

    lines: int = 0
    longer: int = 0
    length: int | None = None
    _lengths: set[int] = field(default_factory=set)
    _open: bool = True
    _bordering: bool = True
    _in_order: bool = True
    _poses: list[_Pose] = field(default_factory=lambda: [_Pose(2), _Pose(3)])

    def add(self, columns: Sequence[str]) -> None:
        """Take one line into account."""
        self.lines += 1
        if len(columns) == 5 or not self._open:
            return
        self.longer += 1
        self._lengths.add(len(columns))
        alike = len(self._lengths) == 1 or self._lengths <= _PREDICTED
        self._open = alike and len(columns) >= 6 and self._fits(columns[1:])
        self.length = max(self._lengths) if self._open else None

    def _fits(self, columns: Sequence[str]) -> bool:
        try:
            values = [float(text) for text in columns]
        except ValueError:
            return False
        if not np.isfinite(values).all():
            return False
        if len(values) == 5:
            return is_scored(values)
        if len(values) == 6:
            self._bordering &= min(values[-2:]) >= 0 and max(values[-2:]) <= 1
            self._in_order &= 0 <= values[-2] <= 1 and values[-1] == int(values[-1])
            return is_tracked(values)
        self._poses = [pose for pose in self._poses if pose.add(values)]
        return bool(self._poses)

    @property
    def has_scores(self) -> bool:
        """Tell whether the lines are boxes with a confidence or a track's number, or both."""
        if not self._open or not self._lengths or not self._lengths <= _PREDICTED:
            return False
        if 6 in self._lengths:
            return self.longer >= _ENOUGH * self.lines
        # What does not reach beyond the image may be triangles at its border: one among boxes, or in another order.
        return not (self._bordering and (not self._in_order or (self.longer == 1 and self.lines > 1)))

    @property
    def keypoints(self) -> tuple[int, int] | None:
        """The number of keypoints that seem to follow each box, and the numbers of each; None for other lines."""
        if not self._open or self.length is None or self.length < 9 or self.longer < _ENOUGH * self.lines:
            return None
        likely = next((pose.numbers for pose in self._poses if pose.is_likely), None)
        return None if likely is None else ((self.length - 5) // likely, likely)
