"""Layouts of data with one annotation file an image: which folders hold a split's images and its annotations.

Images and annotation files lie in folders of their own (`JPEGImages` and `Annotations`, `images` and `annotations`, in
any case of letters), or beside each other. Either way there may be a folder for each split, above or below these, or
one for each year. Where lists say which images a split has, they go before folders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from forgetbench.data.reading.paths import beginning, entries, images_by_stem, is_folder, matching, walk_images
from forgetbench.data.reading.source import UNNAMED

#: What folders of images and of annotation files are called, in lower case, the first of several the best.
_IMAGE_FOLDERS = ("jpegimages", "images", "image", "imgs", "img", "pictures", "photos")
_ANNOTATION_FOLDERS = (
    "annotations", "annotation", "xml", "xmls", "json", "jsons", "labels", "label", "annos", "anno", "ann",
)  # fmt: skip
_KIND_FOLDERS = frozenset({*_IMAGE_FOLDERS, *_ANNOTATION_FOLDERS})
#: Images that are no photographs, though they are called like them.
_MASK_FOLDERS = frozenset({"segmentationclass", "segmentationobject", "trimaps", "masks"})
_SPLIT = re.compile(r"(train(ing|val)?|val(id(ation)?)?|test(ing)?|dev|eval)(\d{4})?", re.IGNORECASE)
_YEAR = re.compile(r"VOC\d+", re.IGNORECASE)
_LISTS = ("ImageSets/Main/*.txt", "ImageSets/*.txt")
_NO_LISTS = frozenset({"classes", "labels", "labelmap", "label_list", "readme"})
#: Folders deep that folders of splits are looked for.
_DEEPEST = 2
#: Annotation files that are looked at in a folder to recognise it.
_MOST_LOOKED_AT = 5


@dataclass(frozen=True)
class Pair:
    """Where one split is.

    Attributes:
        split: Its name; empty where the data have no splits.
        images: The folder of its images, and of folders with images.
        annotations: The folder of its annotation files, likewise; may be the same.
        listing: The list of its images, one a line; None for every annotated image.
    """

    split: str
    images: Path
    annotations: Path
    listing: Path | None = None


def find_pairs(root: Path, suffix: str) -> list[Pair]:
    """Return a dataset's splits, none where the layout is another; those of a class's own lists (`cat_train`) last.

    Args:
        root: The dataset's folder.
        suffix: What annotation files end in, in lower case (`.xml`).

    Raises:
        OSError: a folder cannot be read.
    """
    bases = [root] if _annotations(root, suffix) else [place for place in _folders(root) if _annotations(place, suffix)]
    found = [pair for base in bases for pair in _apart(base, "" if base == root else split_name(base.name), suffix)]
    found = found or _beside(root, suffix)
    return sorted(found, key=lambda pair: pair.listing is not None and "_" in pair.listing.stem)


def files_by_key(folder: Path, suffixes: frozenset[str]) -> dict[str, list[Path]]:
    """Return files under a folder by what they have in common with their partner, those of equal key sorted.

    The key is the path within the folder, without suffix and without folders that only say what is in them.
    """
    found: dict[str, list[Path]] = {}
    for path in walk_images(folder, suffixes) if is_folder(folder) else ():
        above = path.relative_to(folder).parts[:-1]
        if not any(part.casefold() in _MASK_FOLDERS for part in above):
            found.setdefault(key_of((*above, path.stem)), []).append(path)
    return found


def key_of(parts: Sequence[str]) -> str:
    """Return the key of a file by its path's parts: folders within its folder, and its name without suffix."""
    *above, stem = parts
    return "/".join((*(part for part in above if part.casefold() not in _KIND_FOLDERS), stem))


def split_name(folder: str) -> str:
    """Return the name of a folder's split: usual names in lower case, others as they are."""
    return folder.lower() if _SPLIT.fullmatch(folder) else folder


def _begin_at(root: Path, pairs: list[Pair], suffix: str) -> bool:
    """Tell whether pairs are those of a dataset that begins at its root, not in a folder of any name that it wraps."""
    if any(pair.images == pair.annotations for pair in pairs):
        folders = _folders(root)
        return (
            len(folders) != 1 or _is_split(folders[0]) or any(path.suffix.lower() == suffix for path in entries(root))
        )
    first = {pair.annotations.relative_to(root).parts[0] for pair in pairs}
    return all(name.casefold() in _KIND_FOLDERS or _SPLIT.fullmatch(name) or _YEAR.fullmatch(name) for name in first)


def is_paired(root: Path, suffix: str, looks_right: Callable[[bytes], bool]) -> bool:
    """Tell whether a dataset of annotation files, one an image, begins in a folder; the first few files tell for all.

    Args:
        root: The folder, or a file.
        suffix: What annotation files end in, in lower case.
        looks_right: Tells from a file's beginning and end whether it is one.
    """
    pairs = find_pairs(root, suffix) if root.is_dir() else []
    if not pairs or not _begin_at(root, pairs, suffix):
        return False
    folders = dict.fromkeys(pair.annotations for pair in pairs)
    files = (file for folder in folders for file in islice(walk_images(folder, {suffix}), _MOST_LOOKED_AT))
    return any(looks_right(beginning(file)) for file in files)


def _apart(base: Path, prefix: str, suffix: str) -> list[Pair]:
    """Return the parts of a folder that holds a folder of annotation files."""
    annotations = _annotations(base, suffix)
    assert annotations is not None
    images = _images(base, annotations)
    lists = [Pair(_joined(prefix, _list_name(path)), images, annotations, path) for path in _lists(base)]
    if lists:
        return lists
    # Folders divide what has no files beside them; the other side may be divided likewise or not at all.
    whole = {
        images: images_by_stem(images),
        annotations: [p for p in entries(annotations) if p.suffix.lower() == suffix],
    }
    below = {folder: {place.name.casefold(): place for place in _folders(folder)} for folder in whole}
    splits = {
        name for folder, files in whole.items() if not files for name, at in below[folder].items() if _is_split(at)
    }
    return [
        Pair(_joined(prefix, name), below[images].get(name, images), below[annotations].get(name, annotations))
        for name in sorted(splits)
    ] or [Pair(prefix, images, annotations)]


def _beside(root: Path, suffix: str) -> list[Pair]:
    """Return the parts of a folder whose annotation files lie beside their images."""
    if not _holds(root, suffix):
        return []
    lists = [Pair(_list_name(path), root, root, path) for path in _lists(root)]
    if lists:
        return lists
    folders = list(_split_folders(root, suffix, _DEEPEST))
    if folders:
        names = [split_name(folder.name) for folder in folders]
        single = len(set(names)) == len(names)
        return [
            Pair(name if single else folder.relative_to(root).as_posix(), folder, folder)
            for name, folder in zip(names, folders, strict=True)
        ]
    # Files that have no image beside them, deeper down, are those of another layout that this folder wraps.
    files = walk_images(root, {suffix})
    beside = any(path.parent == root or path.stem in images_by_stem(path.parent) for path in files)
    return [Pair(UNNAMED, root, root)] if beside else []


def _annotations(base: Path, suffix: str) -> Path | None:
    """Return the folder of annotation files right in another, if there is one."""
    return next((place for place in _called(base, _ANNOTATION_FOLDERS) if _holds(place, suffix)), None)


def _images(base: Path, annotations: Path) -> Path:
    """Return the folder of the images of a folder of annotation files beside it."""
    called = _called(base, _IMAGE_FOLDERS)
    if called:
        return called[0]
    if any(walk_images(annotations)):
        return annotations
    others = [place for place in _folders(base) if place != annotations and any(walk_images(place))]
    if images_by_stem(base) or (len(others) > 1 and all(map(_is_split, others))):
        return base
    return others[0] if len(others) == 1 else base / "JPEGImages"


def _lists(base: Path) -> list[Path]:
    """Return the lists of images: VOC's, else those right in the folder that are called like usual splits."""
    for pattern in _LISTS:
        found = [path for path in matching(base, pattern) if path.is_file() and path.stem.lower() not in _NO_LISTS]
        if found:
            return found
    return [path for path in matching(base, "*.txt") if _SPLIT.fullmatch(path.stem) and path.is_file()]


def _list_name(path: Path) -> str:
    return split_name(path.stem)


def _split_folders(place: Path, suffix: str, deeper: int) -> Iterator[Path]:
    """Yield folders that are called like usual splits and hold annotation files, none of them inside another."""
    for folder in _folders(place):
        if _is_split(folder) and _holds(folder, suffix):
            yield folder
        elif deeper:
            yield from _split_folders(folder, suffix, deeper - 1)


def _called(base: Path, names: tuple[str, ...]) -> list[Path]:
    found = [place for place in _folders(base) if place.name.casefold() in names]
    return sorted(found, key=lambda place: names.index(place.name.casefold()))


def _folders(place: Path) -> list[Path]:
    return [entry for entry in entries(place) if is_folder(entry)]


def _is_split(folder: Path) -> bool:
    return _SPLIT.fullmatch(folder.name) is not None


def _holds(folder: Path, suffix: str) -> bool:
    return any(walk_images(folder, {suffix}))


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}/{name}".lstrip("/")
