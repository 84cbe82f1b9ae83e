"""Lists of images in the YOLO layout: text files with one image a line, in the order they are used.

An entry is a path relative to the list or to the dataset, or absolute. One without an image's suffix is a stem: its
image is looked for in the list's folder and the dataset's, and in their `images/`, `images/<name of the list>/` and
`data/`. An entry of no image that is there may mean one inside the dataset: by its last folders, or by a name that
nearly matches. One that leads out of the dataset is taken only where nothing inside is meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from forgetbench.data.clean import DUPLICATE_IMAGE, MISSING_IMAGE, NEAR_NAMES, UNREAD_FORMAT, WRONG_PATHS
from forgetbench.data.dataset import OddityReport, relative_name
from forgetbench.data.reading.inside import find_tail, is_inside
from forgetbench.data.reading.nearest import NearNames, nearly_named, slashed
from forgetbench.data.reading.paths import (
    images_by_stem,
    is_file,
    is_ignored,
    is_image,
    is_unread,
    plain_path,
    read_lines,
    walk_images,
)
from forgetbench.errors import brief, counted


def listed_images(path: Path, root: Path, report: OddityReport) -> list[Path]:
    """Return the images a list names; those that are not there are left out and reported.

    Args:
        path: The list.
        root: The dataset's folder.
        report: Told of what is missing, doubtful or found elsewhere.

    Raises:
        DataError: the list is not readable text.
    """
    reader = _Reader(path, root, report)
    images = []
    for number, line in enumerate(read_lines(path), start=1):
        entry = line.strip()
        if entry:
            found = reader.find(entry, number)
            if found is not None:
                images.append(found)
    reader.conclude()
    return images


class _Reader:
    """Finds the images of one list's entries, and tells of those found elsewhere when it is through."""

    def __init__(self, path: Path, root: Path, report: OddityReport) -> None:
        self._root, self._report, self._name = root, report, relative_name(path, root)
        self._bases = tuple(dict.fromkeys((path.parent, root)))
        folders = (".", "images", f"images/{path.stem}", "data")
        self._stems = _Stems([base / folder for base in self._bases for folder in folders])
        # A list outside the dataset has been told of as a whole.
        self._home = root if is_inside(path, root) else None
        self._near: NearNames | None = None
        self._elsewhere: list[str] = []
        self._outside: list[str] = []
        self._nearly: list[tuple[str, Path]] = []
        self._unread: list[str] = []
        self._litter: list[str] = []

    def find(self, entry: str, number: int) -> Path | None:
        """Return an entry's image, or None after reporting that there is none."""
        if is_ignored(Path(slashed(entry)).name):
            self._litter.append(entry)
            return None
        found = self._as_named(entry)
        if found is not None and self._home is not None and self._leads_out(entry) and not is_inside(found, self._root):
            inside = self._inside(entry)
            if inside is None:
                self._outside.append(entry)
            found = inside or found
        found = found or self._inside(entry)
        if found is None:
            if is_unread(slashed(entry)):
                self._unread.append(entry)
            else:
                self._report.add(MISSING_IMAGE, self._name, f"line {number}: no image {brief(entry)}: left out")
            return None
        if self._is_litter(found):
            self._litter.append(entry)
            return None
        return found

    def conclude(self) -> None:
        """Report, once each, what concerns several entries."""
        for kind, found, said in (
            (WRONG_PATHS, self._elsewhere, "|path does|paths do| not exist, {}; found by the last folders instead"),
            (
                WRONG_PATHS,
                self._outside,
                "|path leads|paths lead| out of the dataset, {}: taken, as nothing inside fits",
            ),
            (UNREAD_FORMAT, self._unread, "|image is|images are| of a format that is not read, {}: left out"),
            (MISSING_IMAGE, self._litter, "|entry is|entries are| no data but left by a system, {}: left out"),
        ):
            if found:
                _, one, several, rest = said.split("|")
                shown = rest.format(f"the first {brief(found[0])}")
                self._report.add(kind, self._name, f"{counted(len(found), one, several)}{shown}")
        if self._nearly:
            entry, image = self._nearly[0]
            self._report.add(NEAR_NAMES, relative_name(image, self._root), nearly_named(len(self._nearly), entry))

    def _as_named(self, entry: str) -> Path | None:
        for base in self._bases:
            if is_image(Path(entry).name) and is_file(base / entry):
                return plain_path(base / entry)
        if is_image(Path(entry).name):
            return None
        found = self._stems.find(entry)
        for other in found[1:]:
            first = relative_name(found[0], self._root)
            self._report.add(DUPLICATE_IMAGE, relative_name(other, self._root), f"same name as {first}: left out")
        return plain_path(found[0]) if found else None

    def _inside(self, entry: str) -> Path | None:
        """Return the one image inside the dataset that an entry may mean."""
        tail = find_tail(entry, self._root)
        if tail is not None and is_file(tail) and is_image(tail.name):
            self._elsewhere.append(entry)
            return tail
        if self._near is None:
            self._near = NearNames(_names_under(self._root))
        name = self._near.find(entry) if slashed(entry) else None
        if name is None:
            return None
        self._nearly.append((entry, self._root / name))
        return self._root / name

    def _leads_out(self, entry: str) -> bool:
        """Tell whether an entry may lead out of the dataset, by its text alone."""
        return ".." in entry or Path(entry).is_absolute()

    def _is_litter(self, image: Path) -> bool:
        inside = image.is_relative_to(self._root)
        parts = image.relative_to(self._root).parts if inside else (image.name,)
        return any(is_ignored(part) for part in parts if part != "..")  # which stays after a link


def _names_under(root: Path) -> Iterable[str]:
    return (path.relative_to(root).as_posix() for path in walk_images(root))


class _Stems:
    """Finds images by stem in some folders; each folder is listed once."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders
        self._known: dict[Path, dict[str, list[Path]]] = {}

    def find(self, entry: str) -> list[Path]:
        """Return the images of a stem, which may have folders before it, from the first folder that has any."""
        for folder in self._folders:
            place = (folder / entry).parent
            if place not in self._known:
                self._known[place] = images_by_stem(place)
            found = self._known[place].get(Path(entry).name)
            if found:
                return found
        return []
