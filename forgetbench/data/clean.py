"""From one image's raw annotations to a `Sample`: what is wrong is left out or repaired, and always reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forgetbench.data.dataset import OddityReport, Sample

# Kinds of oddity.
MISSING_IMAGE = "missing-image"
CORRUPT_IMAGE = "corrupt-image"
DUPLICATE_IMAGE = "duplicate-image"
IMAGE_WITHOUT_LABEL = "image-without-label"
IMAGE_SIZE_MISMATCH = "image-size-mismatch"
UNREADABLE_LABEL = "unreadable-label"
CLASS_BEYOND_NAMES = "class-beyond-names"
LABEL_OUT_OF_RANGE = "label-out-of-range"
ZERO_AREA_BOX = "zero-area-box"
DUPLICATE_BOX = "duplicate-box"
POLYGON_AMONG_BOXES = "polygon-among-boxes"
WRONG_PATHS = "wrong-paths"
NAME_WITHOUT_CLASS = "name-without-class"
UNREAD_FORMAT = "unread-format"
DARK_IMAGE = "dark-image"
NEAR_NAMES = "near-names"
BOXES_MOVED = "boxes-moved"
TRAINED_ON = "trained-on-and-evaluated-on"
CLASS_WITHOUT_BOX = "class-without-box"
CLASS_LEFT_OUT = "class-left-out"
CLASS_LISTS_DIFFER = "class-lists-differ"
CLASS_NAMED_TWICE = "class-named-twice"
LABEL_FORM = "label-form"

#: Pixels a box may lie outside its image before that is odd: label files round their numbers.
EDGE_TOLERANCE = 0.1

Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class RawBox:
    """One annotation as the data give it.

    Attributes:
        label: Class index, or the class name where the format writes names.
        corners: xyxy in pixels of the image, not yet clipped.
        place: Where in its file it stands (`line 3`, `object 2`, `annotation 17`).
        crowd: Whether COCO marks it as a crowd region.
        area: The annotation's own area in square pixels, or None for the box's.
        polygon: Whether it is the bounding box of a polygon.
    """

    label: int | str
    corners: Corners
    place: str
    crowd: bool = False
    area: float | None = None
    polygon: bool = False


def clean_sample(
    image: Path,
    size: tuple[int, int],
    raw: Iterable[RawBox],
    classes: tuple[str, ...],
    report: OddityReport,
    *,
    file: str,
    sha256: str,
) -> Sample:
    """Make a sample of one image's annotations.

    Boxes are clipped to the image; those outside it, without area, of unknown class or given twice are left out.

    Args:
        image: The image file.
        size: Its (width, height) in pixels.
        raw: Its annotations.
        classes: Names that class indices point into.
        report: Told of everything odd.
        file: What the report calls the file the annotations stand in.
        sha256: Hash of the image file.
    """
    width, height = size
    index_of = {name: index for index, name in enumerate(classes)}
    kept: dict[tuple[int, Corners, bool, float | None], RawBox] = {}
    for box in raw:
        label = index_of.get(box.label, -1) if isinstance(box.label, str) else box.label
        if not 0 <= label < len(classes):
            named = f"'{box.label}'" if isinstance(box.label, str) else str(box.label)
            report.add(
                CLASS_BEYOND_NAMES, file, f"{box.place}: class {named} is not among {len(classes)} names: dropped"
            )
            continue
        if box.polygon:
            report.add(POLYGON_AMONG_BOXES, file, f"{box.place}: polygon replaced by its bounding box")
        corners = _inside(box, width, height, report, file)
        if corners is None:
            continue
        key = (label, corners, box.crowd, box.area)
        if key in kept:
            report.add(DUPLICATE_BOX, file, f"{box.place}: same box and class as {kept[key].place}: dropped")
            continue
        kept[key] = box
    boxes = np.array([corners for _, corners, _, _ in kept], dtype=np.float64).reshape(-1, 4)
    own = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return Sample(
        image=image,
        width=width,
        height=height,
        boxes=boxes,
        classes=np.array([label for label, _, _, _ in kept], dtype=np.int64),
        crowd=np.array([crowd for _, _, crowd, _ in kept], dtype=np.bool_),
        areas=np.array([o if a is None else a for (_, _, _, a), o in zip(kept, own, strict=True)], dtype=np.float64),
        sha256=sha256,
    )


def _inside(box: RawBox, width: int, height: int, report: OddityReport, file: str) -> Corners | None:
    """Return the box's part inside the image, or None if nothing is left."""
    x1, y1, x2, y2 = box.corners
    if x2 <= x1 or y2 <= y1:
        report.add(ZERO_AREA_BOX, file, f"{box.place}: box of {x2 - x1:g} x {y2 - y1:g} pixels: dropped")
        return None
    clipped = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    shown = f"{box.place}: box ({x1:g}, {y1:g}, {x2:g}, {y2:g}) in an image of {width} x {height} pixels"
    if clipped[2] <= clipped[0] or clipped[3] <= clipped[1]:
        report.add(LABEL_OUT_OF_RANGE, file, f"{shown}: outside, dropped")
        return None
    if max(abs(after - before) for after, before in zip(clipped, box.corners, strict=True)) > EDGE_TOLERANCE:
        report.add(LABEL_OUT_OF_RANGE, file, f"{shown}: clipped")
    return clipped
