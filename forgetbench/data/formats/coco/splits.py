"""What splits of a dataset are called in the names of files and folders: `train2017`, `labels_val.json`, `Valid/`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from forgetbench.data.reading.paths import is_ignored

_SPLIT = re.compile(
    r"(?P<kind>trainval|train|training|valid|validation|val|test|testing)(?P<year>\d{4})?", re.IGNORECASE
)
_SAME_KIND = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}


def split_word(name: str) -> str | None:
    """Return the one word of a name, as it is written there, that is a usual split's; None without or with several."""
    found = [word for word in re.split(r"[^0-9A-Za-z]+", name) if _SPLIT.fullmatch(word)]
    return found[0] if len(found) == 1 else None


def is_same_split(one: str, other: str) -> bool:
    """Tell whether two words name one split: case, longer forms (`training`) and a year left out do not count."""
    if one.casefold() == other.casefold():
        return True
    first, second = _SPLIT.fullmatch(one), _SPLIT.fullmatch(other)
    if first is None or second is None or _kind(first["kind"]) != _kind(second["kind"]):
        return False
    return first["year"] == second["year"] or None in (first["year"], second["year"])


def split_of(root: Path, file: Path) -> str | None:
    """Return what the name of a file, or else of the nearest folder it is in, says of its split."""
    inside = [folder.name for folder in file.parents if root in folder.parents]
    return next((word for name in (file.stem, *inside) if (word := split_word(name)) is not None), None)


class SplitFolders:
    """The folders in which a split's images are looked for.

    Args:
        root: The dataset's folder.
        file: The split's JSON file.
        split: The split's name; where it is empty, the file's name may tell it.
        others: Names of the other splits.
        images: The only folder of images, where the data section names one.
    """

    def __init__(self, root: Path, file: Path, split: str, others: Iterable[str], images: Path | None) -> None:
        self._split = split or split_of(root, file) or ""
        self._others = {other.casefold() for other in others}
        if images is not None:
            self.own, self.common = self._of_split(images), [images]
            self.folders = self.common + self.own
            return
        beside = file.parent
        tops = [root, *_called(root, "images", "data", "jpegimages")]
        own = [folder for top in tops for folder in self._of_split(top)]
        self.own = [place for folder in own for place in (folder, *_called(folder, "images", "data", "jpegimages"))]
        common = [*_called(root, "images"), beside, root, *_called(beside, "images", "data", "jpegimages"), *tops]
        if beside != root and root in beside.parents:
            common += [beside.parent, *_called(beside.parent, "images", "data", "jpegimages")]
        self.common = [folder for folder in dict.fromkeys(common) if folder not in self.own]
        self.folders = list(dict.fromkeys(self.own + self.common))

    def is_foreign(self, folder: str) -> bool:
        """Tell whether a folder of this name holds another split's images."""
        if folder.casefold() in self._others:
            return True
        word, own = split_word(folder), split_word(self._split)
        return word is not None and own is not None and not is_same_split(word, own)

    def _of_split(self, top: Path) -> list[Path]:
        """Return the folder right in another that is the split's: of its very name, else the only one like it."""
        if not self._split:
            return []
        exact = top / self._split
        if exact.is_dir():
            return [exact]
        inside = [path for path in _folders(top) if path.name.casefold() not in self._others]
        named = [path for path in inside if path.name.casefold() == self._split.casefold()]
        alike = named or [path for path in inside if is_same_split(split_word(path.name) or "", self._split)]
        return alike if len(alike) == 1 else []


def _kind(word: str) -> str:
    return _SAME_KIND.get(word.casefold(), word.casefold())


def _folders(top: Path) -> list[Path]:
    if not top.is_dir():
        return []
    with os.scandir(top) as found:  # thousands of images may lie beside
        inside = (top / entry.name for entry in found if entry.is_symlink() or entry.is_dir())
        return sorted(path for path in inside if not is_ignored(path.name) and path.is_dir())


def _called(top: Path, *names: str) -> list[Path]:
    """Return the folders right in another of these names, in any case."""
    found = {path.name.casefold(): path for path in _folders(top)}
    return [found[name] for name in names if name in found]
