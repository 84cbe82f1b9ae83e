"""What Darknet, and tools that write for it, leave beside images: lists of class names, and a .data file of paths.

CVAT's YOLO 1.1 has `obj.data`, `obj.names` and `obj_<split>_data/`, Roboflow's Darknet export
`<split>/_darknet.labels`, labelImg `classes.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from forgetbench.data.formats.yolo.label_files import LabelFiles, label_lines, looks_like_labels
from forgetbench.data.reading.class_list import class_names
from forgetbench.data.reading.inside import find_tail
from forgetbench.data.reading.paths import decoded_text, entries, is_file, is_image, matching
from forgetbench.errors import DataError
from forgetbench.files import UnfitFileError, regular_bytes
from forgetbench.suite.bounds import MOST_CLASSES

#: CVAT's folder of a split's images and labels.
_CVAT_FOLDER = re.compile(r"obj_(?P<split>.+)_data", re.IGNORECASE)
_NAMES = ("classes.txt", "labels/classes.txt", "obj.names", "*.names", "_darknet.labels")
#: Keys of a .data file that name what splits consist of.
_KEYS = {"train": "train", "valid": "val", "val": "val", "test": "test"}
_MOST_BYTES = 8 << 20
#: Label files that are looked at to tell labels from other texts beside images.
_LOOKED_AT = 40


def data_file(folder: Path) -> Path | None:
    """Return a folder's obj.data, or else its only .data file, if there is one that says where images are."""
    candidates = [path for path in matching(folder, "*.data") if is_file(path)]
    named = [path for path in candidates if path.name.casefold() == "obj.data"]
    chosen = named[:1] or (candidates if len(candidates) == 1 else [])
    return next((path for path in chosen if {"train", "names"} & read_data_file(path).keys()), None)


def read_data_file(path: Path) -> dict[str, str]:
    """Return a .data file's entries by key; of a file that is none there are none."""
    try:
        lines = decoded_text(regular_bytes(path, _MOST_BYTES)).splitlines()
    except (UnfitFileError, UnicodeDecodeError):
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {key.strip().casefold(): value.strip() for key, _, value in pairs if value.strip()}


def data_file_splits(path: Path) -> dict[str, str]:
    """Return the lists that a .data file names, by split."""
    given = read_data_file(path)
    return {_KEYS[key]: value for key, value in given.items() if key in _KEYS}


def cvat_folders(folder: Path) -> dict[str, Path]:
    """Return CVAT's folders by split."""
    found = {entry: _CVAT_FOLDER.fullmatch(entry.name) for entry in entries(folder) if entry.is_dir()}
    return {match["split"].casefold(): entry for entry, match in found.items() if match}


def named_classes(folder: Path, splits: Sequence[str] = ()) -> tuple[str, ...] | None:
    """Return the class names that annotation tools leave in files, None where there is none.

    Args:
        folder: The dataset's.
        splits: Names of splits, in any case, whose folders, of labels or images too, may have a list each.

    Raises:
        DataError: a list cannot be read, or splits have different ones.
    """
    described = data_file(folder)
    given = read_data_file(described).get("names") if described else None
    tail = find_tail(given, folder) or find_tail(given, folder, nearly=True) if given else None
    places = [tail] if tail is not None else []
    places += [place for pattern in _NAMES for place in matching(folder, pattern)]
    found = next((place for place in places if is_file(place)), None)
    if found is not None:
        return _read_names(found)
    folders = matching(
        folder, *splits, *(f"labels/{split}" for split in splits), *(f"images/{split}" for split in splits)
    )
    lists = {place: _read_names(place) for split in folders for place in matching(split, *_NAMES)}
    if len(set(lists.values())) > 1:
        raise DataError(
            "the parts name different classes",
            where=folder,
            expected="one list for all",
            found=" and ".join(place.relative_to(folder).as_posix() for place in lists),
            fix="Give the names of all classes, with 'names' in the suite or with --names.",
        )
    return next(iter(lists.values()), None)


def is_layout(folder: Path, splits: Sequence[Path]) -> bool:
    """Tell whether a folder is laid out like one of these tools' data, the folders of its splits among them."""
    return bool(cvat_folders(folder)) or data_file(folder) is not None or any(map(has_labels_beside, splits))


def has_labels_beside(folder: Path) -> bool:
    """Tell whether a folder holds images and, beside them, text files that are labels rather than captions."""
    names = [entry for entry in entries(folder) if is_image(entry.name)]
    files = LabelFiles()
    beside = (label for image in names if (label := files.of(image)).parent == folder and is_file(label))
    verdicts = [verdict for label in islice(beside, _LOOKED_AT) if (verdict := is_label_file(label)) is not None]
    return sum(verdicts) > len(verdicts) / 2


def is_label_file(path: Path) -> bool | None:
    """Tell whether a text file holds labels; None for an empty one, which any image may have."""
    try:
        lines = label_lines(path)
    except (UnfitFileError, UnicodeDecodeError):
        return False
    return looks_like_labels(lines) if any(line.strip() for line in lines) else None


def _read_names(path: Path) -> tuple[str, ...] | None:
    try:
        text = decoded_text(regular_bytes(path, _MOST_BYTES))
    except (UnfitFileError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    names = _stripped(text.splitlines())
    if len(names) > MOST_CLASSES:
        raise _unreadable(path, f"more than {MOST_CLASSES:,} lines")
    return class_names(names, path, "Correct the file, or give the names with --names.") or None


def _stripped(lines: Iterable[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _unreadable(path: Path, found: object) -> DataError:
    return DataError(
        "cannot be read",
        where=path,
        expected="UTF-8 text, one class name a line",
        found=found,
        fix="Correct the file, or give the names with --names.",
    )
