"""The YOLO layout: a folder of images, a parallel folder of label files, usually a data.yaml.

A label file has one line per object, numbers as shares of the image's width and height: `class cx cy w h` for a box,
`class x1 y1 x2 y2 x3 y3 …` for a polygon of three points or more, which becomes its bounding box.

A label file is found by replacing the last `images` of the image's path by `labels`, else beside the image. That is
done on the path as the data name it: behind a resolved link there may be no such folder, and every label would silently
be missing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from forgetbench.data.clean import MISSING_IMAGE, NAME_WITHOUT_CLASS, UNREADABLE_LABEL, RawBox
from forgetbench.data.data_yaml import described_places, find_yaml, load_yaml, yaml_names
from forgetbench.data.dataset import OddityReport
from forgetbench.data.lists import listed_images
from forgetbench.data.paths import is_image, plain_path, walk_images
from forgetbench.data.source import UNNAMED, Annotations, Listed, Source, unknown_part
from forgetbench.errors import DataError, brief

#: Names of parts looked for without being asked.
USUAL_PARTS = ("train", "val", "valid", "validation", "test")
#: Text files that annotation tools leave among the labels.
_NOT_LABELS = frozenset({"classes.txt"})


class YoloSource(Source):
    """A dataset in the YOLO layout; see `read_yolo`."""

    def __init__(
        self,
        root: Path,
        classes: tuple[str, ...],
        places: dict[str, tuple[Path, ...]],
        report: OddityReport,
        class_by_name: Mapping[str, str],
    ) -> None:
        super().__init__(root, classes, report)
        self._places, self._class_by_name = places, class_by_name
        self._label_folders: set[Path] = set()

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts."""
        return tuple(self._places)

    def _list(self, part: str) -> list[Listed]:
        """List a part's images: those of its folders by name, those of its lists in the list's order."""
        if part not in self._places:
            raise unknown_part(self, part)
        found: list[Path] = []
        for place in self._places[part]:
            found.extend(listed_images(place, self.root, self.report) if place.is_file() else walk_images(place))
        listed = [Listed(image, self.name_of(image), str(label_path(image))) for image in found]
        self._report_labels_without_image(listed)
        return self._of_known_class(listed)

    def annotations(self, listed: Listed, size: tuple[int, int], report: OddityReport) -> Annotations | None:
        """Return the boxes of an image's label file; lines that cannot be read are dropped and reported."""
        path = Path(listed.key)
        file = self.name_of(path)
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except FileNotFoundError:
            return Annotations(file, [], absent=f"no label file {file}")
        except (OSError, UnicodeDecodeError) as error:
            report.add(UNREADABLE_LABEL, file, f"cannot be read, image left out: {error}")
            return None
        boxes = []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                boxes.append(parse_line(line, f"line {number}", size))
            except ValueError as error:
                report.add(UNREADABLE_LABEL, file, f"line {number}: {error}: dropped")
        if self._class_by_name:
            named = self._class_of(listed.image)
            boxes = [replace(box, label=named) for box in boxes]
        return Annotations(file, boxes, absent=f"no label in {file}")

    def _class_of(self, image: Path) -> str:
        """Return the class an image's name stands for; of keys that begin each other the longest counts."""
        keys = [key for key in self._class_by_name if image.name.startswith(key)]
        return self._class_by_name[max(keys, key=len)] if keys else ""

    def _of_known_class(self, images: list[Listed]) -> list[Listed]:
        """Leave out and report images whose names stand for no class, where names tell it."""
        if not self._class_by_name:
            return images
        kept = []
        for listed in images:
            if self._class_of(listed.image):
                kept.append(listed)
            else:
                known = ", ".join(self._class_by_name)
                self.report.add(NAME_WITHOUT_CLASS, listed.name, f"begins with none of {known}: left out")
        return kept

    def _report_labels_without_image(self, listed: Sequence[Listed]) -> None:
        """Report label files whose image is not there; other parts' images in the same folders count as there."""
        beside: dict[Path, set[Path]] = {}
        for entry in listed:
            beside.setdefault(Path(entry.key).parent, set()).add(entry.image.parent)
        for folder, image_folders in beside.items():
            if folder in self._label_folders or folder in image_folders or not folder.is_dir():
                continue
            self._label_folders.add(folder)
            stems = {file.stem for images in image_folders for file in images.iterdir() if is_image(file.name)}
            in_any_case = {stem.casefold(): stem for stem in stems}
            for label in sorted(folder.glob("*.txt")):
                if label.stem not in stems and label.name not in _NOT_LABELS:
                    near = in_any_case.get(label.stem.casefold())
                    hint = f" (that of '{near}' differs in case)" if near else ""
                    self.report.add(MISSING_IMAGE, self.name_of(label), f"label file without an image{hint}: left out")


def read_yolo(
    path: Path,
    names: tuple[str, ...] | None = None,
    *,
    fallback_names: tuple[str, ...] | None = None,
    wanted: Sequence[str] = (),
    class_by_name: Mapping[str, str] | None = None,
) -> YoloSource:
    """Open a dataset in the YOLO layout, with or without a data.yaml.

    Args:
        path: The dataset's folder, or its data.yaml.
        names: Class names, taken before those of the data.yaml.
        fallback_names: Class names for data that name none.
        wanted: Names of parts to look for beside the usual ones.
        class_by_name: Class names by how an image's file name begins. They are then the classes, and every box of an
            image is of its name's class, whatever number its label file gives.

    Raises:
        DataError: no images or no class names are found, or the data.yaml cannot be read.
    """
    report = OddityReport()
    path = plain_path(path)
    if path.is_file() and path.suffix.lower() not in (".yaml", ".yml"):
        raise DataError(
            "not a folder",
            where=path,
            expected="a folder of yolo data, or its data.yaml",
            found="a file",
            fix="Correct 'path'; an archive has to be unpacked first.",
        )
    root, described = (path.parent, path) if path.is_file() else (path, find_yaml(path))
    description = load_yaml(described) if described else {}
    keys = tuple(dict.fromkeys((*USUAL_PARTS, *wanted)))
    places = described_places(root, described, description, keys, report) if described else {}
    places = places or _found_places(root, keys)
    if not places:
        raise DataError(
            "no images found",
            where=root,
            expected="images/ and labels/, with or without train and val folders, lists of images, or a data.yaml",
            fix="Check the path and the format.",
        )
    by_name = tuple(dict.fromkeys((class_by_name or {}).values()))
    classes = names or by_name or yaml_names(described, description) or fallback_names
    if not classes:
        raise DataError(
            "the class names are unknown",
            where=root,
            expected="'names' in a data.yaml or in the suite",
            fix="Add 'names: [...]' (or 'names: coco') to this data in the suite.",
        )
    return YoloSource(root, classes, places, report, class_by_name or {})


def label_path(image: Path) -> Path:
    """Return where an image's label file is: in the `labels` parallel to its last `images`, else beside it."""
    beside = image.with_suffix(".txt")
    folders = list(image.parts[:-1])
    if "images" not in folders:
        return beside
    last = len(folders) - 1 - folders[::-1].index("images")
    parallel = Path(*folders[:last], "labels", *folders[last + 1 :], beside.name)
    return beside if not parallel.exists() and beside.exists() else parallel


def parse_line(line: str, place: str, size: tuple[int, int]) -> RawBox:
    """Read one line of a label file; box corners come back in pixels of an image of the given (width, height).

    Raises:
        ValueError: the line is neither a box nor a polygon.
    """
    label, *values = (_number(text) for text in line.split())
    if not all(math.isfinite(value) for value in (label, *values)):
        raise ValueError("a number is not finite")
    if label != int(label):
        raise ValueError(f"class {label:g} is not a whole number")
    width, height = size
    if len(values) == 4:
        x, y, w, h = values
        corners = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        return RawBox(int(label), corners, place)
    if len(values) >= 6 and len(values) % 2 == 0:
        x_all, y_all = values[0::2], values[1::2]
        corners = (min(x_all) * width, min(y_all) * height, max(x_all) * width, max(y_all) * height)
        return RawBox(int(label), corners, place, polygon=True)
    raise ValueError(
        f"{1 + len(values)} values; expected 5 (class cx cy w h) or a class and the points of a polygon (three or more)"
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{brief(text)} is not a number") from None


def _found_places(root: Path, keys: Sequence[str]) -> dict[str, tuple[Path, ...]]:
    """Return the parts of a dataset that has no data.yaml: its lists, else its folders."""
    lists: dict[str, tuple[Path, ...]] = {
        key: (root / f"{key}.txt",) for key in keys if (root / f"{key}.txt").is_file()
    }
    if lists:
        return lists
    images = root / "images"
    if images.is_dir():
        if any(is_image(entry.name) for entry in images.iterdir()):
            return {UNNAMED: (images,)}
        return _holding_images({folder.name: folder for folder in sorted(images.iterdir()) if folder.is_dir()})
    if root.is_dir():
        return _holding_images({f.name: f / "images" for f in sorted(root.iterdir()) if (f / "images").is_dir()})
    return {}


def _holding_images(folders: dict[str, Path]) -> dict[str, tuple[Path, ...]]:
    return {name: (folder,) for name, folder in folders.items() if next(walk_images(folder), None) is not None}
