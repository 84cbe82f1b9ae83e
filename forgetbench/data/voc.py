"""Pascal VOC: Annotations/*.xml, JPEGImages/ and the lists of ImageSets/Main/*.txt.

VOC counts pixels from 1 and includes the last one, so a box is (xmin - 1, ymin - 1, xmax, ymax) in continuous
coordinates. Tools write equal corners for a box nobody drew; such a box counts as one without area, not as a pixel.
Objects marked difficult are kept.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

from forgetbench.data.clean import (
    DUPLICATE_IMAGE,
    IMAGE_SIZE_MISMATCH,
    MISSING_IMAGE,
    UNREADABLE_LABEL,
    ZERO_AREA_BOX,
    RawBox,
)
from forgetbench.data.dataset import OddityReport
from forgetbench.data.source import UNNAMED, Annotations, Listed, Source, is_image, read_lines, unknown_part
from forgetbench.errors import DataError


class _WithoutDoctype(ET.TreeBuilder):
    """Refuses a document type as soon as it is met, and with it any entity."""

    def doctype(self, name: str, *_identifiers: str | None) -> None:
        raise ValueError(f"declares a document type '{name}', which could hold entities")


class VocSource(Source):
    """A dataset in Pascal VOC's layout; see `read_voc`."""

    def __init__(self, root: Path, names: tuple[str, ...] | None) -> None:
        report = OddityReport()
        super().__init__(root, names or _object_names(root / "Annotations"), report)
        folder = root / "JPEGImages"
        self._files: dict[str, list[Path]] = defaultdict(list)
        for file in sorted(folder.iterdir()) if folder.is_dir() else []:
            if is_image(file.name):
                self._files[file.stem].append(file)
        self._lists = {path.stem: path for path in sorted((root / "ImageSets" / "Main").glob("*.txt"))}

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the lists, or the unnamed part of all annotated images where there is no list."""
        return tuple(self._lists) or (UNNAMED,)

    def images(self, part: str) -> list[Listed]:
        """List a part's images in its list's order; without lists, every annotated image."""
        if part not in self.part_names:
            raise unknown_part(self, part)
        if part == UNNAMED:
            stems = [(path.stem, path, "annotated") for path in sorted((self.root / "Annotations").glob("*.xml"))]
        else:
            path = self._lists[part]
            # A class's own list has a second column (1, 0 or -1), which is of no use here.
            stems = [
                (line.split()[0], path, f"line {n}") for n, line in enumerate(read_lines(path), start=1) if line.strip()
            ]
        listed = []
        for stem, path, place in stems:
            files = self._files.get(stem)
            if not files:
                self.report.add(MISSING_IMAGE, self.name_of(path), f"{place}: no image JPEGImages/{stem}.*: left out")
                continue
            for other in files[1:]:
                detail = f"same name as {self.name_of(files[0])}: left out"
                self.report.add(DUPLICATE_IMAGE, self.name_of(other), detail)
            listed.append(Listed(files[0], self.name_of(files[0]), stem))
        return self.without_duplicates(listed)

    def annotations(self, listed: Listed, size: tuple[int, int], report: OddityReport) -> Annotations | None:
        """Return the objects of an image's XML file; an object that cannot be read is dropped and reported."""
        path = self.root / "Annotations" / f"{listed.key}.xml"
        file = self.name_of(path)
        try:
            tree = parse_xml(path)
        except FileNotFoundError:
            return Annotations(file, [], absent=f"no annotation {file}")
        except (OSError, ValueError) as error:
            report.add(UNREADABLE_LABEL, file, f"cannot be read, image left out: {error}")
            return None
        stated = tuple(tree.findtext(f"size/{side}", "0").strip() for side in ("width", "height"))
        # Some tools write a size of 0 x 0 for unknown.
        if stated not in (("0", "0"), tuple(str(side) for side in size)):
            detail = (
                f"says {stated[0]} x {stated[1]} pixels, the image has {size[0]} x {size[1]}: boxes taken as they are"
            )
            report.add(IMAGE_SIZE_MISMATCH, file, detail)
        boxes = []
        for number, found in enumerate(tree.findall("object"), start=1):
            place = f"object {number}"
            try:
                name, corners = _read_object(found)
            except ValueError as error:
                report.add(UNREADABLE_LABEL, file, f"{place}: {error}: dropped")
                continue
            xmin, ymin, xmax, ymax = corners
            if xmax <= xmin or ymax <= ymin:
                report.add(
                    ZERO_AREA_BOX, file, f"{place}: corners ({xmin:g}, {ymin:g}) and ({xmax:g}, {ymax:g}): dropped"
                )
                continue
            boxes.append(RawBox(name, (xmin - 1, ymin - 1, xmax, ymax), place))
        return Annotations(file, boxes, absent=f"no usable object in {file}")


def read_voc(root: Path, names: tuple[str, ...] | None = None) -> VocSource:
    """Open a dataset in Pascal VOC's layout.

    Args:
        root: The folder that holds Annotations, JPEGImages and, for splits, ImageSets/Main.
        names: Class names in the order wanted; by default all object names found, sorted.

    Raises:
        DataError: the layout is another, or no object is annotated.
    """
    if not (root / "Annotations").is_dir():
        raise DataError(
            "no Annotations folder",
            where=root,
            expected="Annotations/*.xml, JPEGImages/ and ImageSets/Main/*.txt",
            fix="Check the path and the format.",
        )
    source = VocSource(root, names)
    if not source.classes:
        raise DataError("no object is annotated", where=root / "Annotations", expected="XML files with objects")
    return source


def parse_xml(path: Path) -> ET.Element:
    """Parse an XML file, refusing document types: nothing is expanded or fetched.

    Raises:
        ValueError: the file is not well formed, or declares a document type.
    """
    parser = ET.XMLParser(target=_WithoutDoctype())  # noqa: S314 - see _WithoutDoctype
    try:
        parser.feed(path.read_bytes())
        root: ET.Element = parser.close()
    except ET.ParseError as error:
        raise ValueError(f"not well-formed XML: {error}") from error
    return root


def _object_names(folder: Path) -> tuple[str, ...]:
    names: set[str] = set()
    for path in folder.glob("*.xml"):
        try:
            names.update(found.findtext("name", "").strip() for found in parse_xml(path).findall("object"))
        except (OSError, ValueError):
            continue  # reported when its image is read
    return tuple(sorted(names - {""}))


def _read_object(found: ET.Element) -> tuple[str, tuple[float, float, float, float]]:
    name = found.findtext("name", "").strip()
    if not name:
        raise ValueError("no class name")
    values = []
    for side in ("xmin", "ymin", "xmax", "ymax"):
        text = found.findtext(f"bndbox/{side}", "").strip()
        try:
            values.append(float(text))
        except ValueError:
            raise ValueError(f"{side} is '{text}', expected a number") from None
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a number is not finite")
    return name, (values[0], values[1], values[2], values[3])
