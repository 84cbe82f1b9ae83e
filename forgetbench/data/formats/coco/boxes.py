"""One image's record and annotations in a COCO JSON: the size stated, and boxes from `[x, y, width, height]`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from forgetbench.data.clean import Corners, RawBox
from forgetbench.errors import brief


def reach_of(annotations: Iterable[Mapping[str, Any]]) -> tuple[float, float] | None:
    """Return the (x, y) in pixels that usable boxes reach to the right and downwards; None without any."""
    far: list[tuple[float, float]] = []
    for annotation in annotations:
        try:
            corners = _corners(annotation)
        except (TypeError, ValueError, OverflowError):
            continue  # reported where boxes are read
        far.append(corners[2:])
    finite = [point for point in far if math.isfinite(point[0] + point[1])]
    return (max(x for x, _ in finite), max(y for _, y in finite)) if finite else None


def read_box(annotation: Mapping[str, Any], name: str, place: str) -> RawBox:
    """Return an annotation's box, or that of its outline where it has none.

    Args:
        annotation: The annotation.
        name: Its class.
        place: Where it stands.

    Raises:
        TypeError, ValueError, OverflowError: it has no box of four finite numbers.
    """
    corners = _corners(annotation)
    area = float(annotation.get("area") or 0)
    if not all(math.isfinite(value) for value in (*corners, area)):
        raise ValueError("a number is not finite")
    crowd = bool(float(annotation.get("iscrowd") or 0))
    return RawBox(
        name, corners, place, crowd=crowd, area=area if area > 0 else None, polygon=annotation.get("bbox") in (None, [])
    )


def _corners(annotation: Mapping[str, Any]) -> Corners:
    """Return the corners of a box, or of the box around an outline; they need not be finite."""
    given = annotation.get("bbox")
    if isinstance(given, list) and len(given) == 4:
        x, y, width, height = map(float, given)
        return x, y, x + width, y + height
    outline = annotation.get("segmentation")
    if given in (None, []) and isinstance(outline, list) and outline:
        points = [float(value) for polygon in outline for value in polygon]
        return min(points[0::2]), min(points[1::2]), max(points[0::2]), max(points[1::2])
    raise ValueError(f"bbox is {brief(given)}, expected [x, y, width, height]")
