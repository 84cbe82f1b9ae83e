"""Finding the file of an image that a COCO JSON names: as it is written, else nearly, else outside the dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from forgetbench.data.formats.coco.splits import SplitFolders
from forgetbench.data.reading.inside import is_inside
from forgetbench.data.reading.nearest import NearNames
from forgetbench.data.reading.paths import IMAGE_SUFFIXES, UNREAD_SUFFIXES, is_file, is_unread, plain_path, walk_images
from forgetbench.suite.bounds import LONGEST_PATH

#: As the name says, nearly as it says, outside the dataset, or of a format that is not read.
How = Literal["exact", "near", "outside", "unread"]


@dataclass(frozen=True)
class FoundImage:
    """An image's file and how it was found."""

    image: Path
    how: How


class ImageFinder:
    """Finds the images of one split.

    Args:
        root: The dataset's folder; what is reached through links in it counts as inside.
        folders: Where the split's images may be.
    """

    def __init__(self, root: Path, folders: SplitFolders) -> None:
        self._inside, self._folders = (root, *folders.folders), folders
        self._existing = [folder for folder in folders.folders if folder.is_dir()]

    def find(self, name: str) -> FoundImage | None:
        """Return the file of an image that is named so, or None where none fits or nobody can say which."""
        if len(name) > LONGEST_PATH:
            return None
        for tail in _tails(name):
            for folder in self._existing:
                image = self._at(folder, tail)
                if image is not None:
                    return FoundImage(image, "unread" if is_unread(image.name) else "exact")
        return self._near(name) or self._outside(name)

    def _at(self, folder: Path, tail: str) -> Path | None:
        """Return the file at a path relative to a folder if it is one and in the dataset."""
        path = folder / tail
        if ".." not in tail and not tail.startswith("/"):
            return path if is_file(path) else None
        plain = _plain(path)
        return plain if plain is not None and any(is_inside(plain, top) for top in self._inside) else None

    def _near(self, name: str) -> FoundImage | None:
        for how, folders in self._known.items():
            for known in folders:
                image = known.find(name)
                if image is not None:
                    return FoundImage(image, how)
        return None

    @cached_property
    def _known(self) -> dict[How, list[_Known]]:
        """Images by what it means to find one among them, each folder's apart, the split's own folders first."""
        found: dict[How, list[_Known]] = {"near": [], "unread": []}
        for folder in self._existing:
            names = list(self._names(folder))
            for how, known in found.items():
                known.append(
                    _Known(folder, [name for name in names if is_unread(Path(name).name) == (how == "unread")])
                )
        return {how: [known for known in all_known if known.names] for how, all_known in found.items()}

    def _names(self, folder: Path) -> Iterator[str]:
        own = folder in self._folders.own
        for image in walk_images(folder, IMAGE_SUFFIXES | UNREAD_SUFFIXES):
            name = image.relative_to(folder)
            if own or not any(self._folders.is_foreign(part) for part in name.parts[:-1]):
                yield name.as_posix()

    def _outside(self, name: str) -> FoundImage | None:
        """Return the file at a path that leaves the dataset."""
        for written in dict.fromkeys((name, name.replace("\\", "/"))):
            for folder in self._existing:
                plain = _plain(folder / written) if ".." in written or written.startswith("/") else None
                if plain is not None:
                    return FoundImage(plain, "unread" if is_unread(plain.name) else "outside")
        return None


class _Known:
    """Some of the images under one folder."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self._folder, self.names = folder, NearNames(names)

    def find(self, name: str) -> Path | None:
        near = self.names.find(name)
        return self._folder / near if near is not None and is_file(self._folder / near) else None


def _tails(name: str) -> Iterator[str]:
    """Yield a name, then without one folder after the other."""
    yield name
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    whole = "/".join(parts)
    for start in range(0 if whole != name else 1, len(parts)):
        yield "/".join(parts[start:])


def _plain(path: Path) -> Path | None:
    """Return a path without `..` if it is a file's; names from outside may be no paths at all."""
    try:
        plain = plain_path(path)
        return plain if plain.is_file() else None
    except OSError:
        return None
