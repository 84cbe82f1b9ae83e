"""labelme: a JSON file an image, with shapes drawn by points; see `pairs` for layouts.

X-AnyLabeling, AnyLabeling and ISAT's exports write it too. A rectangle's corners come in any order; of a polygon, mask
or turned rectangle the bounding box is taken; a circle is a centre and a point of its rim. Shapes of one label that
share a `group_id` are one object, as in labelme's own export. Points and lines have no area: they are no boxes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forgetbench.data.clean import LABEL_FORM, UNREADABLE_LABEL, Corners, RawBox
from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.paired.paired_source import Facts, PairedSource
from forgetbench.data.formats.paired.pairs import Pair, find_pairs, is_paired
from forgetbench.data.formats.registry import Names, Reader
from forgetbench.data.images.frames import stated_size
from forgetbench.data.reading.class_list import is_name, written
from forgetbench.data.reading.paths import plain_path
from forgetbench.data.reading.source import Annotations, Described, Listed
from forgetbench.errors import DataError, brief
from forgetbench.files import regular_bytes
from forgetbench.suite.data_section import Data

SUFFIX = ".json"
#: A larger file is no image's annotations, not even with the image inside.
_MOST_BYTES = 256 * 2**20
_WITHOUT_AREA = frozenset({"point", "points", "line", "lines", "linestrip"})
#: One of these stands in a file beside its shapes.
_SIGNS = (b'"imagePath"', b'"imageHeight"', b'"shape_type"')
_BOXES = frozenset({"rectangle", "circle"})


@dataclass(frozen=True)
class _Shape:
    """One shape: what it is, its box, and the group it belongs to; no box where it has no area by nature."""

    kind: str
    label: str
    corners: Corners | None
    group: object = None


class LabelmeSource(PairedSource):
    """A dataset in labelme's form; see `read_labelme`."""

    def __init__(self, root: Path, pairs: Sequence[Pair], names: tuple[str, ...] | None) -> None:
        self._without_area: list[tuple[str, str]] = []
        super().__init__(root, pairs, SUFFIX, names, "JSON files with 'shapes' that have a label and an area")
        if self._without_area:
            file, kind = self._without_area[0]
            few = "1 shape is a point or line" if len(self._without_area) == 1 else (
                f"{len(self._without_area)} shapes are points or lines"
            )  # fmt: skip
            self.report.add(LABEL_FORM, file, f"{few}, here a {kind}: they have no area and are dropped")

    def _survey(self, path: Path) -> tuple[Facts, set[str]] | None:
        """Look through a JSON file for what is needed before images are read."""
        document = _load(path)
        if document is None:
            return None
        read = [shape for _, shape in _shapes(document) if isinstance(shape, _Shape)]
        self._without_area += [(self.name_of(path), shape.kind) for shape in read if shape.corners is None]
        boxes = [shape for shape in read if shape.corners is not None]
        corners = [shape.corners for shape in boxes if shape.corners is not None]
        reach = (max(box[2] for box in corners), max(box[3] for box in corners)) if corners else None
        image = document.get("imagePath")
        size = stated_size(document.get("imageWidth"), document.get("imageHeight"))
        return Facts(image if isinstance(image, str) else "", Described(size, reach)), {shape.label for shape in boxes}

    def annotations(self, listed: Listed, _size: tuple[int, int], report: OddityReport) -> Annotations | None:
        """Return the shapes of an image's JSON file; one that cannot be read is dropped and reported."""
        path = Path(listed.key)
        file = self.name_of(path)
        try:
            document = _load(path)
        except FileNotFoundError:
            return Annotations(file, [], absent=f"no annotation {file}")
        except (OSError, ValueError) as error:
            report.add(UNREADABLE_LABEL, file, f"cannot be read, image left out: {error}")
            return None
        boxes: dict[object, RawBox] = {}
        for place, shape in _shapes(document or {}):
            if isinstance(shape, ValueError):
                report.add(UNREADABLE_LABEL, file, f"{place}: {shape}: dropped")
            elif shape.corners is not None:
                key = place if shape.group is None else (shape.label, shape.group)
                first = boxes.get(key)
                corners = shape.corners if first is None else _around([shape.corners, first.corners])
                boxes[key] = RawBox(
                    shape.label,
                    corners,
                    place if first is None else first.place,
                    polygon=shape.kind not in _BOXES and (first is None or first.polygon),
                )
        return Annotations(file, list(boxes.values()), absent=f"no usable shape in {file}")


def read_labelme(root: Path, names: tuple[str, ...] | None = None) -> LabelmeSource:
    """Open a dataset in labelme's form; all its JSON files are looked through.

    Args:
        root: The folder that holds images with JSON files beside them, or a folder of each.
        names: Class names in the order wanted; by default all labels found, sorted.

    Raises:
        DataError: the layout is another, or no shape with an area has a label.
    """
    root = plain_path(root)
    pairs = find_pairs(root, SUFFIX)
    if not pairs:
        raise DataError(
            "no JSON files beside images",
            where=root,
            expected="a JSON file with 'shapes' beside each image, or in a folder annotations/ or json/",
            found=brief(sorted(entry.name for entry in root.iterdir())),
            fix="Check the path and the format.",
        )
    return LabelmeSource(root, pairs, names)


def is_labelme(path: Path) -> bool:
    """Tell whether a folder looks like a dataset in labelme's form."""
    return is_paired(path, SUFFIX, lambda content: b'"shapes"' in content and any(key in content for key in _SIGNS))


def _load(path: Path) -> dict[str, Any] | None:
    """Return a file's content, or None if it is JSON of another kind."""
    content = regular_bytes(path, _MOST_BYTES)
    try:
        loaded = json.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    return loaded if isinstance(loaded, dict) and isinstance(loaded.get("shapes"), list) else None


def _shapes(document: dict[str, Any]) -> Iterator[tuple[str, _Shape | ValueError]]:
    """Yield each shape with its place, or what is wrong with it."""
    for number, shape in enumerate(document.get("shapes", ()), start=1):
        try:
            yield f"shape {number}", _read_shape(shape)
        except ValueError as error:
            yield f"shape {number}", error


def _read_shape(shape: Any) -> _Shape:
    if not isinstance(shape, dict):
        raise ValueError(f"is {brief(shape)}, expected an object")
    label, kind, given = shape.get("label"), shape.get("shape_type") or "polygon", shape.get("points")
    if not is_name(label):
        raise ValueError(f"label is {brief(label)}, expected text")
    label, kind, group = written(label).strip(), str(kind).lower(), shape.get("group_id")
    group = group if isinstance(group, int | str) else None
    if kind in _WITHOUT_AREA:
        return _Shape(kind, label, None, group)
    try:
        points = [(float(x), float(y)) for x, y in given or ()]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"points are {brief(given)}, expected pairs of numbers") from None
    if not all(math.isfinite(value) for point in points for value in point):
        raise ValueError("a number is not finite")
    if len(points) < 2 or (kind == "circle" and len(points) != 2):
        raise ValueError(f"a {kind} of {len(points)} points")
    if kind == "circle":
        (x, y), rim = points
        radius = math.dist((x, y), rim)
        return _Shape(kind, label, (x - radius, y - radius, x + radius, y + radius), group)
    return _Shape(kind, label, _around([(x, y, x, y) for x, y in points]), group)


def _around(boxes: Sequence[Corners]) -> Corners:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _open(root: Path, _section: Data, names: Names, _known_names: Names) -> LabelmeSource:
    return read_labelme(root, names)


READER = Reader("a JSON file with 'shapes' beside each image", is_labelme, _open, sureness=1)
