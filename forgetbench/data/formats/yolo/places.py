"""Where the splits of a YOLO dataset are: as its data.yaml says, else as its lists, .data file or folders show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forgetbench.data.clean import UNREAD_FORMAT
from forgetbench.data.dataset import OddityReport, relative_name
from forgetbench.data.formats.yolo.darknet import cvat_folders, data_file, data_file_splits
from forgetbench.data.formats.yolo.data_yaml import described_places
from forgetbench.data.formats.yolo.label_files import looks_like_labels
from forgetbench.data.reading.paths import UNREAD_SUFFIXES, entries, is_file, is_image, matching, walk_images
from forgetbench.data.reading.source import UNNAMED
from forgetbench.errors import DataError, counted
from forgetbench.files import open_regular

#: Names of splits looked for without being asked.
USUAL_SPLITS = ("train", "val", "valid", "validation", "test", "training", "testing")
#: Characters of a list that are looked at to tell it from a label file.
_BEGINNING = 4096

Places = dict[str, tuple[Path, ...]]


def find_places(
    root: Path, described: Path | None, description: Mapping[str, Any], wanted: Sequence[str], report: OddityReport
) -> Places:
    """Return the folders and lists of each split.

    Args:
        root: The dataset's folder.
        described: Its data.yaml, if it has one.
        description: What that says.
        wanted: Names of splits to look for beside the usual ones.
        report: Told of paths that are wrong.

    Raises:
        DataError: there are no images, or the data.yaml names something other than paths.
    """
    keys = tuple(dict.fromkeys((*USUAL_SPLITS, *wanted)))
    places = described_places(root, described, description, keys, report) if described else {}
    places = places or _listed(root, keys, report) or _folders(root, keys)
    if places:
        return places
    unread = [path for folder in _image_folders(root) for path in walk_images(folder, UNREAD_SUFFIXES)]
    if unread:
        few = counted(len(unread), "image here is", "images here are")
        detail = f"{few} of a format that is not read: convert to JPEG or PNG"
        report.add(UNREAD_FORMAT, relative_name(unread[0], root), detail)
    raise DataError(
        "no images found",
        where=root,
        expected="images/ and labels/, with or without train and val folders, images with labels beside them, lists of "
        "images, or a data.yaml",
        found=f"none{report.reason()}",
        fix="Check the path and the format.",
    )


def _listed(root: Path, keys: Sequence[str], report: OddityReport) -> Places:
    """Return the splits that have lists: `<split>.txt`, and what a .data file names."""
    lists: Places = {}
    for key in keys:
        there = [path for path in matching(root, f"{_plain(key)}.txt") if _is_list(path)]
        same = [path for path in there if path.name == f"{key}.txt"]
        if len(same or there) == 1:
            lists[key] = ((same or there)[0],)
    described = data_file(root)
    if described is not None:
        further = {key: value for key, value in data_file_splits(described).items() if key not in lists}
        lists |= described_places(root, described, further, tuple(further), report)
    return lists


def _plain(key: str) -> str:
    """Return a split's name as a pattern that means nothing but it."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in key)


def _is_list(path: Path) -> bool:
    """Tell whether a text may be a list of images: labels of an image called like a split are none."""
    if not is_file(path):
        return False
    with open_regular(path) as file:
        beginning = file.read(_BEGINNING).decode(errors="replace")
    return not looks_like_labels(beginning.removeprefix("\ufeff").splitlines())


def _folders(root: Path, keys: Sequence[str]) -> Places:
    """Return the splits that are folders: in `images/`, with an `images/` in them, CVAT's, or of images and labels."""
    images = folder_called("images", root)
    if images is not None:
        if any(is_image(entry.name) for entry in entries(images)):
            return {UNNAMED: (images,)}
        found = _holding_images(_by_split([folder for folder in entries(images) if folder.is_dir()], keys))
        if found:
            return found
    inside = [entry for entry in entries(root) if entry.is_dir()]
    by_split = _by_split(inside, keys)
    with_images = {split: place for split, folder in by_split.items() if (place := folder_called("images", folder))}
    beside = {split: folder for split, folder in by_split.items() if split in keys}
    for folders in (with_images, cvat_folders(root), beside):
        found = _holding_images(folders)
        if found:
            return found
    return {UNNAMED: (root,)} if any(is_image(entry.name) for entry in entries(root)) else {}


def folder_called(name: str, folder: Path) -> Path | None:
    """Return the folder of a name, else the first of that name in another case; None where there is none."""
    found = [entry for entry in matching(folder, name) if entry.is_dir()]
    same = [entry for entry in found if entry.name == name]
    return next(iter(same or found), None)


def _by_split(folders: Sequence[Path], keys: Sequence[str]) -> dict[str, Path]:
    """Return folders by the splits they are: their names, but those of usual splits in lower case unless asked for."""
    found = {folder.name: folder for folder in folders}
    for name in [name for name in found if name not in keys and name.casefold() in USUAL_SPLITS]:
        if name.casefold() not in found:
            found[name.casefold()] = found.pop(name)
    return found


def _image_folders(root: Path) -> list[Path]:
    """Return the folders that images of a YOLO dataset would be in."""
    return [place for place in matching(root, "images", "*/images", "obj_*_data") if place.is_dir()]


def _holding_images(folders: Mapping[str, Path]) -> Places:
    return {name: (folder,) for name, folder in folders.items() if next(walk_images(folder), None) is not None}
