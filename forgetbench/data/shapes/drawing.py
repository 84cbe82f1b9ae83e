"""Anti-aliased figures and textures that the shapes world is drawn from.

Images are (size, size, 3) float32 in 0-255 while they are drawn. A figure is a union of parts; a part is one or more
closed contours filled by the even-odd rule, so that an inner contour is a hole. Contours are (n, 2), x to the right and
y down, within the unit circle.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Contour = NDArray[np.float64]
Figure = tuple[tuple[Contour, ...], ...]

#: Masks are drawn this many times larger than the image; a box edge is exact to one part of it.
SUPERSAMPLING = 4
_FIXED_POINT_BITS = 4


def _polygon(*points: tuple[float, float]) -> Contour:
    return np.array(points, dtype=np.float64)


def _arc(radius: float, start: float = 0.0, end: float = 360.0, at: tuple[float, float] = (0.0, 0.0)) -> Contour:
    angles = np.radians(np.linspace(start, end, 61))
    return np.stack([at[0] + radius * np.cos(angles), at[1] + radius * np.sin(angles)], axis=1)


def _regular(corners: int, radius: float = 1.0) -> Contour:
    angles = 2 * np.pi * np.arange(corners) / corners - np.pi / 2
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _star(points: int, inner: float) -> Contour:
    contour = _regular(2 * points)
    contour[1::2] *= inner
    return contour


def _heart() -> Contour:
    t = np.linspace(0, 2 * np.pi, 61)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([x, y - 2.5], axis=1) / 18.2


def _crescent() -> Contour:
    return np.concatenate([_arc(1.0, 50, 310), _arc(0.775, 279, 81, at=(0.52, 0.0))])


def _bar(half_width: float, angle: float, length: float = 0.9) -> Contour:
    bar = _polygon((-length, -half_width), (length, -half_width), (length, half_width), (-length, half_width))
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turned: Contour = bar @ np.array([[c, s], [-s, c]])
    return turned


_PLUS = _polygon(
    (-0.33, -0.94), (0.33, -0.94), (0.33, -0.33), (0.94, -0.33), (0.94, 0.33), (0.33, 0.33),
    (0.33, 0.94), (-0.33, 0.94), (-0.33, 0.33), (-0.94, 0.33), (-0.94, -0.33), (-0.33, -0.33),
)  # fmt: skip
_ARROW = _polygon((0.0, -1.0), (0.75, -0.1), (0.27, -0.1), (0.27, 0.95), (-0.27, 0.95), (-0.27, -0.1), (-0.75, -0.1))
_BOLT = _polygon((0.2, -0.95), (-0.6, 0.15), (-0.08, 0.15), (-0.3, 0.95), (0.6, -0.25), (0.05, -0.25))
_DROP = np.concatenate([_polygon((0.0, -1.0)), _arc(0.6, -30, 210, at=(0.0, 0.38))])
_RING = (_arc(1.0), _arc(0.82))

#: The general world: silhouettes that differ plainly.
GENERAL: dict[str, Figure] = {
    "arrow": ((_ARROW,),),
    "bolt": ((_BOLT,),),
    "circle": ((_arc(0.9),),),
    "crescent": ((_crescent(),),),
    "cross": ((_PLUS,),),
    "drop": ((_DROP,),),
    "frame": ((_regular(4), _regular(4, 0.58)),),
    "half-disc": ((_arc(0.92, 0, 180) - [0.0, 0.39],),),
    "heart": ((_heart(),),),
    "hexagon": ((_regular(6),),),
    "ring": ((_arc(0.95), _arc(0.52)),),
    "square": ((_regular(4),),),
    "star": ((_star(5, 0.42),),),
    "triangle": ((_regular(3),),),
}
#: The fine world: one silhouette, told apart only by marks inside it.
FINE: dict[str, Figure] = {
    "barred-ring": (_RING, (_bar(0.09, 0),)),
    "crossed-ring": (_RING, (_bar(0.09, 0),), (_bar(0.09, 90),)),
    "dotted-ring": (_RING, (_arc(0.3),)),
    "double-ring": (_RING, (_arc(0.52), _arc(0.34))),
    "open-ring": ((np.concatenate([_arc(1.0, 32, 328), _arc(0.82, 328, 32)]),),),
    "plain-ring": (_RING,),
}


def figure_mask(
    figure: Figure, size: int, centre: tuple[float, float], radius: float, angle: float
) -> NDArray[np.bool_]:
    """Return where a figure lies, (SUPERSAMPLING * size,) * 2 bool.

    Args:
        figure: What to draw.
        size: Side of the image in pixels.
        centre, radius: In pixels of the image.
        angle: Rotation in radians.
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    side = SUPERSAMPLING * size
    mask = np.zeros((side, side), np.uint8)
    for part in figure:
        # OpenCV counts from the middle of the first pixel.
        placed = [(contour @ turn * radius + centre) * SUPERSAMPLING - 0.5 for contour in part]
        points = [np.round(contour * 2**_FIXED_POINT_BITS).astype(np.int32) for contour in placed]
        cv2.fillPoly(mask, points, 1, cv2.LINE_8, _FIXED_POINT_BITS)
    return mask.astype(bool)


def mask_box(mask: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Return the xyxy box, in pixels of the image, of a mask that is not empty."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    x1, y1, x2, y2 = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return x1 / SUPERSAMPLING, y1 / SUPERSAMPLING, x2 / SUPERSAMPLING, y2 / SUPERSAMPLING


def coverage(mask: NDArray[np.bool_]) -> Image:
    """Return how much of each image pixel a mask covers, (size, size, 1) in 0-1."""
    side = len(mask) // SUPERSAMPLING
    share: Image = cv2.resize(mask.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)[..., None]
    return share


def blend(canvas: Image, paint: Image, alpha: Image) -> None:
    """Lay paint over a canvas, in place, as far as alpha (0-1) says."""
    canvas += alpha * (paint - canvas)


def gradient(size: int, first: Image, second: Image, angle: float) -> Image:
    """Return a linear blend between two (3,) colours along a direction in radians."""
    y, x = np.mgrid[:size, :size].astype(np.float32) / max(size - 1, 1) - 0.5
    along = np.clip((x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) + 0.5, 0, 1)[..., None]
    blended: Image = first + along * (second - first)
    return blended


def stripes(size: int, period: float, angle: float, phase: float) -> Image:
    """Return a smooth wave in 0-1, (size, size, 1), repeating every `period` pixels along a direction in radians."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    wave: Image = (0.5 + 0.5 * np.sin(2 * np.pi * along / np.float32(period) + np.float32(phase)))[..., None]
    return wave


def blotches(rng: np.random.Generator, size: int, cells: int) -> Image:
    """Return smooth noise in about -1 to 1, (size, size, 1), with `cells` knots along each side."""
    knots = (2 * rng.random((cells, cells)) - 1).astype(np.float32)
    smooth: Image = cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC)[..., None]
    return smooth


def line_mask(size: int, points: Sequence[tuple[float, float]], width: float) -> NDArray[np.bool_]:
    """Return where a line through points (image pixels) of a width in pixels lies; shaped as `figure_mask`'s."""
    side = SUPERSAMPLING * size
    mask = np.zeros((side, side), np.uint8)
    scaled = np.round(np.array(points) * SUPERSAMPLING * 2**_FIXED_POINT_BITS).astype(np.int32)
    cv2.polylines(mask, [scaled], False, 1, max(1, round(width * SUPERSAMPLING)), cv2.LINE_8, _FIXED_POINT_BITS)
    return mask.astype(bool)
