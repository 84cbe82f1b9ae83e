"""Paths of a dataset: what is an image, what is there, and names as the data give them, links not resolved."""

from __future__ import annotations

import errno
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from forgetbench.errors import DataError

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def walk_images(folder: Path) -> Iterator[Path]:
    """Yield the image files under a folder, sorted by path, through links to folders but never round in circles.

    Raises:
        OSError: a folder cannot be read.
    """

    def stop(error: OSError) -> None:
        raise error

    found: list[Path] = []
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, onerror=stop, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        found.extend(Path(place, file) for file in files if is_image(file))
    yield from sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def images_by_stem(folder: Path) -> dict[str, list[Path]]:
    """Return the image files right in a folder by their names without suffix; none if there is no such folder."""
    found: dict[str, list[Path]] = defaultdict(list)
    for file in sorted(folder.iterdir()) if is_folder(folder) else ():
        if is_image(file.name):
            found[file.stem].append(file)
    return dict(found)


def read_lines(path: Path) -> list[str]:
    """Return the lines of a list of images.

    Raises:
        DataError: it is not readable text.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            "list of images cannot be read",
            where=path,
            expected="UTF-8 text, one image a line",
            found=error,
            fix="Correct the file.",
        ) from error


def plain_path(path: Path) -> Path:
    """Return a path absolute and without `.` and `..`, links not resolved (a `..` after a link has to stay)."""
    parts: list[str] = []
    for part in path.absolute().parts:
        if part == ".." and len(parts) > 1 and not Path(*parts).is_symlink():
            parts.pop()
        else:
            parts.append(part)
    return Path(*parts)


def is_file(path: Path) -> bool:
    """Tell whether a path is a file's, where the path comes from outside: one too long for any file is not.

    Raises:
        OSError: it cannot be told, for want of permission.
    """
    return _is(Path.is_file, path)


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder's, as `is_file` does of files."""
    return _is(Path.is_dir, path)


def _is(kind: Callable[[Path], bool], path: Path) -> bool:
    try:
        return kind(path)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def is_image(name: str) -> bool:
    """Tell whether a file name is an image's; hidden files are not."""
    return not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES
