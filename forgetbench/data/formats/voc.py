"""Pascal VOC: an XML file an image, in Annotations/ beside JPEGImages/, or beside the images; see `pairs` for layouts.

A folder may hold several such folders, one a year (VOCdevkit): splits are then called `VOC2007/trainval`.

VOC counts pixels from 1 and includes the last one, so a box is (xmin - 1, ymin - 1, xmax, ymax) in continuous
coordinates. Many tools write XML of this form and count from 0. Where any box of the dataset begins before 1, its
numbers are continuous coordinates already, (xmin, ymin, xmax, ymax): nothing is taken off, of no box of the dataset.

Tools write equal corners for a box nobody drew; such a box counts as one without area, not as a pixel, and tells
nothing of where pixels are counted from. Objects marked difficult are kept unless they are not wanted.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from forgetbench.data.clean import LABEL_FORM, UNREADABLE_LABEL, ZERO_AREA_BOX, Corners, RawBox
from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.paired.paired_source import Facts, PairedSource
from forgetbench.data.formats.paired.pairs import Pair, find_pairs, is_paired
from forgetbench.data.formats.registry import Names, Reader
from forgetbench.data.images.frames import stated_size
from forgetbench.data.reading.class_list import is_name
from forgetbench.data.reading.paths import plain_path
from forgetbench.data.reading.source import Annotations, Described, Listed
from forgetbench.errors import DataError, brief
from forgetbench.files import regular_bytes
from forgetbench.suite.data_section import Data

SUFFIX = ".xml"
#: A larger XML file is no image's annotations.
_MOST_BYTES = 64 * 2**20
#: How an image's XML begins; an object with a box tells it too.
_SIGN = re.compile(rb"<annotation[\s/>]", re.IGNORECASE)
_OBJECT = re.compile(rb"<object[\s>]", re.IGNORECASE)


class _WithoutDoctype(ET.TreeBuilder):
    """Refuses a document type as soon as it is met, and with it any entity."""

    def doctype(self, name: str, *_identifiers: str | None) -> None:
        raise ValueError(f"declares a document type '{name}', which could hold entities")


class VocSource(PairedSource):
    """A dataset in Pascal VOC's form; see `read_voc`."""

    def __init__(
        self,
        root: Path,
        pairs: Sequence[Pair],
        names: tuple[str, ...] | None,
        *,
        keep_difficult: bool,
        counts_from: Literal[0, 1] | None,
    ) -> None:
        self._keep_difficult = keep_difficult
        self._before_one: list[str] = []
        super().__init__(root, pairs, SUFFIX, names, "XML files with objects that have a name")
        self._first_pixel = (0 if self._before_one else 1) if counts_from is None else counts_from
        if self._before_one and counts_from is None:
            boxes = "1 box begins" if len(self._before_one) == 1 else f"{len(self._before_one)} boxes begin"
            detail = f"{boxes} before 1, so pixels are counted from 0: nothing is taken off any box"
            self.report.add(LABEL_FORM, self._before_one[0], detail)

    def _survey(self, path: Path) -> tuple[Facts, set[str]] | None:
        """Look through an XML file for what is needed before images are read, and for boxes that begin before 1."""
        tree = parse_xml(path)
        objects = tree.findall("object")
        if tree.tag.lower() != "annotation" and not objects:
            return None
        boxes = []
        for found in objects:
            try:
                xmin, ymin, xmax, ymax = _read_object(found)[1]
            except ValueError:  # reported when the image is read
                continue
            if xmax > xmin and ymax > ymin:
                boxes.append((xmin, ymin, xmax, ymax))
        # Beyond the image, below 0, lie boxes of either way to count.
        self._before_one += [self.name_of(path) for box in boxes if any(0 <= side < 1 for side in box[:2])]
        reach = (max(box[2] for box in boxes), max(box[3] for box in boxes)) if boxes else None
        names = {name for found in objects if is_name(name := found.findtext("name", "").strip())}
        # Some tools write 0 x 0 for unknown.
        size = stated_size(tree.findtext("size/width"), tree.findtext("size/height"))
        return Facts(tree.findtext("filename", "").strip(), Described(size, reach)), names

    def annotations(self, listed: Listed, _size: tuple[int, int], report: OddityReport) -> Annotations | None:
        """Return the objects of an image's XML file; an object that cannot be read is dropped and reported."""
        path = Path(listed.key)
        file = self.name_of(path)
        try:
            tree = parse_xml(path)
        except FileNotFoundError:
            return Annotations(file, [], absent=f"no annotation {file}")
        except (OSError, ValueError) as error:
            report.add(UNREADABLE_LABEL, file, f"cannot be read, image left out: {error}")
            return None
        boxes = []
        for number, found in enumerate(tree.findall("object"), start=1):
            place = f"object {number}"
            if not self._keep_difficult and found.findtext("difficult", "").strip() == "1":
                continue
            try:
                name, (xmin, ymin, xmax, ymax) = _read_object(found)
            except ValueError as error:
                report.add(UNREADABLE_LABEL, file, f"{place}: {error}: dropped")
                continue
            if xmax <= xmin or ymax <= ymin:
                corners = f"corners ({xmin:g}, {ymin:g}) and ({xmax:g}, {ymax:g})"
                report.add(ZERO_AREA_BOX, file, f"{place}: {corners}: dropped")
                continue
            boxes.append(RawBox(name, (xmin - self._first_pixel, ymin - self._first_pixel, xmax, ymax), place))
        wanted = "usable object" if self._keep_difficult else "usable object that is not difficult"
        return Annotations(file, boxes, absent=f"no {wanted} in {file}")


def read_voc(
    root: Path,
    names: tuple[str, ...] | None = None,
    *,
    keep_difficult: bool = True,
    counts_from: Literal[0, 1] | None = None,
) -> VocSource:
    """Open a dataset in Pascal VOC's form; all its XML files are looked through.

    Args:
        root: The folder that holds Annotations, JPEGImages and, for splits, ImageSets/Main; or folders that do; or
            images with XML files beside them.
        names: Class names in the order wanted; by default all object names found, sorted.
        keep_difficult: False to leave out objects marked difficult.
        counts_from: What the first pixel's number is; by default concluded from all boxes.

    Raises:
        DataError: the layout is another, or no object is annotated.
    """
    root = plain_path(root)
    pairs = find_pairs(root, SUFFIX)
    if not pairs:
        raise DataError(
            "no Annotations folder with XML files, and none beside images",
            where=root,
            expected="Annotations/*.xml, JPEGImages/ and ImageSets/Main/*.txt, here or in a folder for each year; or "
            "an XML file beside each image",
            found=brief(sorted(entry.name for entry in root.iterdir())),
            fix="Check the path and the format.",
        )
    return VocSource(root, pairs, names, keep_difficult=keep_difficult, counts_from=counts_from)


def parse_xml(path: Path) -> ET.Element:
    """Parse an XML file, refusing document types: nothing is expanded or fetched.

    Raises:
        ValueError: the file is not well formed, or declares a document type.
        OSError: it cannot be read, is no file, or too large.
    """
    content = regular_bytes(path, _MOST_BYTES)
    parser = ET.XMLParser(target=_WithoutDoctype())  # noqa: S314 - see _WithoutDoctype
    try:
        parser.feed(content)
        root: ET.Element = parser.close()
    except (ET.ParseError, LookupError) as error:  # LookupError: an encoding nobody knows
        raise ValueError(f"not well-formed XML: {error}") from error
    return root


def is_voc(path: Path) -> bool:
    """Tell whether a folder looks like a dataset in Pascal VOC's form."""
    # UTF-16 writes a zero beside each letter.
    return is_paired(path, SUFFIX, lambda content: _is_annotation(content.replace(b"\0", b"")))


def _is_annotation(content: bytes) -> bool:
    first = _OBJECT.search(content)
    return _SIGN.search(content) is not None or (first is not None and b"<bndbox" in content[first.end() :].lower())


def _read_object(found: ET.Element) -> tuple[str, Corners]:
    name = found.findtext("name", "").strip()
    if not is_name(name):
        raise ValueError("no class name" if not name else f"class name is {brief(name)}, expected a shorter one")
    values = []
    for side in ("xmin", "ymin", "xmax", "ymax"):
        text = found.findtext(f"bndbox/{side}", "").strip()
        try:
            values.append(float(text))
        except ValueError:
            raise ValueError(f"{side} is {brief(text)}, expected a number") from None
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a number is not finite")
    return name, (values[0], values[1], values[2], values[3])


def _open(root: Path, section: Data, names: Names, _known_names: Names) -> VocSource:
    return read_voc(root, names, keep_difficult=section.difficult == "keep", counts_from=section.counts_from)


READER = Reader(
    "Annotations/*.xml and JPEGImages/, here or in VOC<year>/, or an XML file beside each image",
    is_voc,
    _open,
    sureness=3,
)
