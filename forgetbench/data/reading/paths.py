"""Paths of a dataset: what is an image, what is there, and names as the data give them, links not resolved."""

from __future__ import annotations

import codecs
import errno
import os
from collections import defaultdict
from collections.abc import Callable, Container, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from forgetbench.errors import DataError
from forgetbench.files import open_regular, regular_bytes

#: What OpenCV decodes, and with it training and evaluation.
IMAGE_SUFFIXES = frozenset(
    {
        ".avif", ".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png",
        ".pnm", ".ppm", ".tif", ".tiff", ".webp",
    }
)  # fmt: skip
#: Images that OpenCV does not decode: data that hold them are told so.
UNREAD_SUFFIXES = frozenset(
    {
        ".arw", ".cr2", ".cr3", ".dcm", ".dng", ".exr", ".heic", ".heif", ".hif", ".j2k", ".jxl", ".jxr", ".nef",
        ".orf", ".pcx", ".psd", ".raf", ".raw", ".rw2", ".svg", ".tga",
    }
)  # fmt: skip
#: What operating systems, file servers and notebooks leave in folders, in any case; so is all that begins with a dot.
_LITTER = frozenset(
    {
        "__macosx", "__pycache__", "@eadir", "#recycle", "$recycle.bin", "lost+found", "system volume information",
        "thumbs.db", "desktop.ini", "icon\r",
    }
)  # fmt: skip
#: Of a large file only so much is looked at, at its beginning and at its end.
_HEAD, _TAIL = 2**20, 2**16
#: Bytes of the longest list of images: several million lines.
_MOST_LIST_BYTES = 512 << 20


def is_ignored(name: str) -> bool:
    """Tell whether a file or folder of this name is never data: hidden, or left there by a system."""
    return name.startswith(".") or name.casefold() in _LITTER


def matching(folder: Path, *patterns: str) -> list[Path]:
    """Return what fits one of some patterns under a folder, sorted, in any case and without what is ignored.

    Args:
        folder: Where to look; nothing is found where there is no such folder.
        patterns: Names with `*`, `?` and `[…]`, one for each level, joined by `/`.

    Raises:
        OSError: a folder cannot be read.
    """
    found: set[Path] = set()
    for pattern in patterns:
        places = [folder]
        for level in pattern.split("/"):
            inside = (entry for place in places for entry in entries(place))
            places = [entry for entry in inside if fnmatchcase(entry.name.casefold(), level.casefold())]
        found.update(places)
    return sorted(found)


def entries(folder: Path) -> list[Path]:
    """Return what is right in a folder, sorted, without what is ignored; nothing if there is no such folder.

    Raises:
        OSError: the folder cannot be read.
    """
    return sorted(path for path in folder.iterdir() if not is_ignored(path.name)) if is_folder(folder) else []


def walk_images(folder: Path, suffixes: Container[str] = IMAGE_SUFFIXES) -> Iterator[Path]:
    """Yield the image files under a folder, sorted by path, through links to folders but never round in circles.

    Args:
        folder: Where to look.
        suffixes: What images end in, in lower case.

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
        folders[:] = sorted(name for name in folders if not is_ignored(name))
        found.extend(Path(place, file) for file in files if _is_of(file, suffixes))
    yield from sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def images_by_stem(folder: Path) -> dict[str, list[Path]]:
    """Return the image files right in a folder by their names without suffix; none if there is no such folder."""
    found: dict[str, list[Path]] = defaultdict(list)
    for file in entries(folder):
        if is_image(file.name):
            found[file.stem].append(file)
    return dict(found)


def read_lines(path: Path) -> list[str]:
    """Return the lines of a list of images.

    Raises:
        DataError: it is not readable text.
    """
    try:
        return decoded_text(regular_bytes(path, _MOST_LIST_BYTES)).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            "list of images cannot be read",
            where=path,
            expected="UTF-8 text, one image a line",
            found=error,
            fix="Correct the file.",
        ) from error


def decoded_text(content: bytes) -> str:
    """Return a text file's content: UTF-8, or UTF-16 where its first bytes say so, as Windows' tools write it.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig")


def beginning(path: Path) -> bytes:
    """Return a file's beginning and, where that is not all, its end.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        head = file.read(_HEAD)
        rest = os.fstat(file.fileno()).st_size - len(head)
        file.seek(-min(rest, _TAIL), 2)
        return head + file.read(_TAIL) if rest > 0 else head


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
    """Tell whether a file name is an image's; those of ignored files are not."""
    return _is_of(name, IMAGE_SUFFIXES)


def is_unread(name: str) -> bool:
    """Tell whether a file name is that of an image in a format that is not read."""
    return _is_of(name, UNREAD_SUFFIXES)


def _is_of(name: str, suffixes: Container[str]) -> bool:
    return not is_ignored(name) and Path(name).suffix.lower() in suffixes
