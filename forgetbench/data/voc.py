"""Pascal VOC: Annotations/*.xml, JPEGImages/ and the lists of ImageSets/Main/*.txt.

A folder may hold several such folders, one a year (VOCdevkit): parts are then called `VOC2007/trainval`.

VOC counts pixels from 1 and includes the last one, so a box is (xmin - 1, ymin - 1, xmax, ymax) in continuous
coordinates. Tools write equal corners for a box nobody drew; such a box counts as one without area, not as a pixel.
Objects marked difficult are kept unless they are not wanted.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence
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
from forgetbench.data.paths import images_by_stem, plain_path, read_lines
from forgetbench.data.source import Annotations, Listed, Source, unknown_part
from forgetbench.errors import DataError, brief


class _WithoutDoctype(ET.TreeBuilder):
    """Refuses a document type as soon as it is met, and with it any entity."""

    def doctype(self, name: str, *_identifiers: str | None) -> None:
        raise ValueError(f"declares a document type '{name}', which could hold entities")


class VocSource(Source):
    """A dataset in Pascal VOC's layout; see `read_voc`."""

    def __init__(self, root: Path, folders: Sequence[Path], names: tuple[str, ...], *, keep_difficult: bool) -> None:
        super().__init__(root, names, OddityReport())
        self._keep_difficult = keep_difficult
        self._files = {folder: images_by_stem(folder / "JPEGImages") for folder in folders}
        self._parts = _parts(root, folders)

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the lists; of a folder without lists all annotated images, by the folder's name or unnamed."""
        return tuple(self._parts)

    def _list(self, part: str) -> list[Listed]:
        """List a part's images in its list's order; without lists, every annotated image."""
        if part not in self._parts:
            raise unknown_part(self, part)
        folder, listing = self._parts[part]
        if listing is None:
            stems = [(path.stem, path, "annotated") for path in sorted((folder / "Annotations").glob("*.xml"))]
        else:
            lines = enumerate(read_lines(listing), start=1)
            # A class's own list has a second column (1, 0 or -1), which is of no use here.
            stems = [(line.split()[0], listing, f"line {number}") for number, line in lines if line.strip()]
        listed = []
        for stem, path, place in stems:
            files = self._files[folder].get(stem)
            if not files:
                missing = self.name_of(folder / "JPEGImages" / f"{stem}.*")
                self.report.add(MISSING_IMAGE, self.name_of(path), f"{place}: no image {missing}: left out")
                continue
            for other in files[1:]:
                detail = f"same name as {self.name_of(files[0])}: left out"
                self.report.add(DUPLICATE_IMAGE, self.name_of(other), detail)
            # Years may hold images of equal name, so the key is the whole path.
            listed.append(Listed(files[0], self.name_of(files[0]), str(folder / "Annotations" / f"{stem}.xml")))
        return listed

    def annotations(self, listed: Listed, size: tuple[int, int], report: OddityReport) -> Annotations | None:
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
            if not self._keep_difficult and found.findtext("difficult", "").strip() == "1":
                continue
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
        wanted = "usable object" if self._keep_difficult else "usable object that is not difficult"
        return Annotations(file, boxes, absent=f"no {wanted} in {file}")


def read_voc(root: Path, names: tuple[str, ...] | None = None, *, keep_difficult: bool = True) -> VocSource:
    """Open a dataset in Pascal VOC's layout.

    Args:
        root: The folder that holds Annotations, JPEGImages and, for splits, ImageSets/Main; or folders that do.
        names: Class names in the order wanted; by default all object names found, sorted.
        keep_difficult: False to leave out objects marked difficult.

    Raises:
        DataError: the layout is another, or no object is annotated.
    """
    root = plain_path(root)
    folders = [root]
    if not (root / "Annotations").is_dir():
        folders = [folder for folder in sorted(root.iterdir()) if (folder / "Annotations").is_dir()]
    if not folders:
        raise DataError(
            "no Annotations folder",
            where=root,
            expected="Annotations/*.xml, JPEGImages/ and ImageSets/Main/*.txt, here or in a folder for each year",
            found=brief(sorted(entry.name for entry in root.iterdir())),
            fix="Check the path and the format.",
        )
    return VocSource(root, folders, names or _object_names(folders), keep_difficult=keep_difficult)


def parse_xml(path: Path) -> ET.Element:
    """Parse an XML file, refusing document types: nothing is expanded or fetched.

    Raises:
        ValueError: the file is not well formed, or declares a document type.
    """
    parser = ET.XMLParser(target=_WithoutDoctype())  # noqa: S314 - see _WithoutDoctype
    try:
        parser.feed(path.read_bytes())
        root: ET.Element = parser.close()
    except (ET.ParseError, LookupError) as error:  # LookupError: an encoding nobody knows
        raise ValueError(f"not well-formed XML: {error}") from error
    return root


def _parts(root: Path, folders: Sequence[Path]) -> dict[str, tuple[Path, Path | None]]:
    """Return folder and list by the name of each part; a class's own lists (`cat_train`) come last."""
    found: list[tuple[str, Path, Path | None]] = []
    for folder in folders:
        year = "" if folder == root else folder.name
        lists = sorted((folder / "ImageSets" / "Main").glob("*.txt"))
        found += [(f"{year}/{path.stem}".lstrip("/"), folder, path) for path in lists] or [(year, folder, None)]
    found.sort(key=lambda part: part[2] is not None and "_" in part[2].stem)
    return {name: (folder, path) for name, folder, path in found}


def _object_names(folders: Sequence[Path]) -> tuple[str, ...]:
    files = [path for folder in folders for path in sorted((folder / "Annotations").glob("*.xml"))]
    names: set[str] = set()
    unreadable: list[str] = []  # reported again when their images are read
    for path in files:
        try:
            names.update(found.findtext("name", "").strip() for found in parse_xml(path).findall("object"))
        except (OSError, ValueError) as error:
            unreadable.append(f"{path.name}: {error}")
    names.discard("")
    if not names:
        first = f"; first {unreadable[0]}" if unreadable else ""
        raise DataError(
            "no object is annotated",
            where=folders[0] / "Annotations",
            expected="XML files with objects that have a name",
            found=f"{len(files)} XML files, {len(unreadable)} unreadable{first}",
            fix="Check the path and the format.",
        )
    return tuple(sorted(names))


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
            raise ValueError(f"{side} is {brief(text)}, expected a number") from None
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a number is not finite")
    return name, (values[0], values[1], values[2], values[3])
