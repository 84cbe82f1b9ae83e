"""One image's record and annotations in a COCO JSON: the size stated, and boxes from `[x, y, width, height]`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from forgetbench.data.clean import RawBox
from forgetbench.errors import brief


def stated_size(record: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the (width, height) that an image's record states; None without, or where they cannot be a size."""
    width, height = (_side(record.get(key)) for key in ("width", "height"))
    return None if width is None or height is None else (width, height)


def _side(value: object) -> float | None:
    """Return a number of pixels, however it is written; None where it cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        side = float(value)
    except (ValueError, OverflowError):
        return None
    return side if 0 < side < math.inf else None


def corners_of(annotation: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    """Return a usable box's corners, xyxy."""
    try:
        return read_box(annotation, "", "").corners
    except (TypeError, ValueError, OverflowError):
        return None


def read_box(annotation: Mapping[str, Any], name: str, place: str) -> RawBox:
    """Return an annotation's box, or that of its outline where it has none.

    Args:
        annotation: The annotation.
        name: Its class.
        place: Where it stands.

    Raises:
        TypeError, ValueError, OverflowError: it has no box of four finite numbers.
    """
    given, outline = annotation.get("bbox"), annotation.get("segmentation")
    if given is None and isinstance(outline, list) and outline:
        points = [float(value) for polygon in outline for value in polygon]
        corners = (min(points[0::2]), min(points[1::2]), max(points[0::2]), max(points[1::2]))
    elif isinstance(given, list) and len(given) == 4:
        x, y, width, height = (float(value) for value in given)
        corners = (x, y, x + width, y + height)
    else:
        raise ValueError(f"bbox is {brief(given)}, expected [x, y, width, height]")
    area = float(annotation.get("area") or 0)
    if not all(math.isfinite(value) for value in (*corners, area)):
        raise ValueError("a number is not finite")
    crowd = bool(float(annotation.get("iscrowd") or 0))
    return RawBox(name, corners, place, crowd=crowd, area=area if area > 0 else None, polygon=given is None)
