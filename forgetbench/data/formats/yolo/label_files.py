"""Which label file is whose, in the YOLO layout, and what its lines say.

A label file is found by replacing the last `images` of the image's path by `labels`, else beside the image. That is
done on the path as the data name it: behind a resolved link there may be no such folder, and every label would silently
be missing. A label file of a name that nearly matches is an image's where both have no other.
"""

from __future__ import annotations

import math
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from forgetbench.data.clean import RawBox
from forgetbench.data.reading.nearest import NearNames
from forgetbench.data.reading.paths import decoded_text, entries, is_folder, is_ignored, is_image, is_unread
from forgetbench.errors import brief
from forgetbench.files import regular_bytes

#: Text files that annotation tools leave among the labels.
_NOT_LABELS = frozenset({"classes.txt", "labels.txt", "notes.txt"})
#: A larger text is no image's labels.
_MOST_BYTES = 64 << 20


class LabelFiles:
    """Finds label files; every folder is listed once."""

    def __init__(self) -> None:
        self._names: dict[Path, frozenset[str]] = {}
        self._places: dict[Path, tuple[Path, ...]] = {}
        self._of_folder: dict[Path, dict[str, Path]] = {}
        self._told: set[Path] = set()

    def of(self, image: Path) -> Path:
        """Return where an image's label file is, or would be."""
        if image.parent not in self._of_folder:
            self._of_folder[image.parent] = self._match(image.parent)
        found = self._of_folder[image.parent].get(image.name)
        return found if found is not None else self._places[image.parent][0] / f"{image.stem}.txt"

    def without_image(self, pairs: Iterable[tuple[Path, Path]]) -> list[Path]:
        """Return the label files that no image has, of label folders not asked about before.

        Args:
            pairs: Images and their label files; all images in their folders count as there, also those in formats that
                are not read.
        """
        beside: dict[Path, set[Path]] = defaultdict(set)
        for image, label in pairs:
            beside[label.parent].add(image.parent)
        found: list[Path] = []
        for folder, image_folders in beside.items():
            if folder in self._told or folder in image_folders or not is_folder(folder):
                continue
            self._told.add(folder)
            taken = {label for place in image_folders for label in self._of_folder[place].values()}
            stems = {Path(name).stem for place in image_folders for name in self._listed(place) if is_unread(name)}
            labels = [folder / name for name in sorted(self._listed(folder)) if _is_label(name)]
            found += [label for label in labels if label not in taken and label.stem not in stems]
        return found

    def _match(self, folder: Path) -> dict[str, Path]:
        """Return the label files of all images right in a folder, by the images' names."""
        images = sorted(name for name in self._listed(folder) if is_image(name))
        places = self._places[folder] = label_folders(folder)
        usual = {name: f"{Path(name).stem}.txt" for name in images}
        found: dict[str, Path] = {}
        for name, label in usual.items():
            place = next((place for place in places if label in self._listed(place)), None)
            if place is not None:
                found[name] = place / label
        lacking = [name for name in images if name not in found]
        for place in places if lacking else ():
            left = {name for name in self._listed(place) if _is_label(name)}.difference(usual.values())
            nearly = NearNames(sorted(left))
            taken = {name: nearly.find(f"{name}.txt") for name in lacking if name not in found} if left else {}
            claims = Counter(taken.values())
            found |= {name: place / label for name, label in taken.items() if label and claims[label] == 1}
        return found

    def _listed(self, folder: Path) -> frozenset[str]:
        if folder not in self._names:
            names = os.listdir(folder) if is_folder(folder) else []  # noqa: PTH208 - names alone, of many files
            self._names[folder] = frozenset(name for name in names if not is_ignored(name))
        return self._names[folder]


def label_folders(images: Path) -> tuple[Path, ...]:
    """Return where label files of a folder's images may be: the `labels` parallel to its last `images`, then beside.

    Both names may be in another case where the data have them so.
    """
    places: list[Path] = []
    folders = images.parts
    for wanted in ("images", None):
        at = [index for index, name in enumerate(folders) if (name if wanted else name.casefold()) == "images"]
        if at:
            before, after = Path(*folders[: at[-1]]), folders[at[-1] + 1 :]
            places.append(before.joinpath("labels", *after))
            if not is_folder(before / "labels"):
                others = [entry.name for entry in entries(before) if entry.name.casefold() == "labels"]
                places += [before.joinpath(name, *after) for name in others if len(others) == 1]
    return tuple(dict.fromkeys([*places, images]))


def is_exact(image: Path, label: Path) -> bool:
    """Tell whether a label file is called as its image is."""
    return label.name == f"{image.stem}.txt"


def label_lines(path: Path | str) -> list[str]:
    """Return a label file's lines.

    Raises:
        OSError: it cannot be read, is no file, or larger than any image's labels.
        UnicodeDecodeError: it is not text.
    """
    return decoded_text(regular_bytes(path, _MOST_BYTES)).splitlines()


def parse_line(line: str, place: str, size: tuple[int, int], keypoints: tuple[int, int] | None = None) -> RawBox:
    """Read one line of a label file; box corners come back in pixels of an image of the given (width, height).

    Args:
        line: The line.
        place: What reports call it.
        size: The image's.
        keypoints: Number of keypoints that may follow a box, and the numbers of each; None for boxes and polygons.

    Raises:
        ValueError: the line is of none of the forms that are possible.
    """
    label, *values = (_number(text) for text in line.split())
    if not all(math.isfinite(value) for value in (label, *values)):
        raise ValueError("a number is not finite")
    if label != int(label):
        raise ValueError(f"class {label:g} is not a whole number")
    width, height = size
    if len(values) == 4 or (keypoints is not None and len(values) == 4 + math.prod(keypoints)):
        x, y, w, h = values[:4]
        corners = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        return RawBox(int(label), corners, place)
    if keypoints is None and len(values) >= 6 and len(values) % 2 == 0:
        x_all, y_all = values[0::2], values[1::2]
        corners = (min(x_all) * width, min(y_all) * height, max(x_all) * width, max(y_all) * height)
        return RawBox(int(label), corners, place, polygon=True)
    expected = "a class and the points of a polygon (three or more)"
    if keypoints is not None:
        expected = f"{5 + math.prod(keypoints)} (a box and {keypoints[0]} keypoints, as kpt_shape says)"
    raise ValueError(f"{1 + len(values)} values; expected 5 (class cx cy w h) or {expected}")


def class_numbers(tokens: Iterable[str]) -> set[int]:
    """Return the whole numbers among the first columns of label lines."""
    found = set()
    for token in tokens:
        try:
            number = float(token)
        except ValueError:
            continue
        if number.is_integer():
            found.add(int(number))
    return found


def looks_like_labels(lines: Sequence[str]) -> bool:
    """Tell whether a text's first line that is not empty begins like a label: a whole number and four others."""
    columns = next((line.split() for line in lines if line.strip()), [])
    try:
        label, *values = (float(text) for text in columns)
    except ValueError:
        return False
    return len(values) >= 4 and label.is_integer() and all(math.isfinite(value) for value in values)


def _is_label(name: str) -> bool:
    return name.casefold().endswith(".txt") and name.casefold() not in _NOT_LABELS


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{brief(text)} is not a number") from None
