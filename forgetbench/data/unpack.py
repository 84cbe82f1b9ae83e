"""Unpacking archives that nobody has vouched for: regular files only, inside the folder given, within a size."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from forgetbench.errors import DataError

#: A member: its name, its size in bytes, and whether it is a folder, a file or anything else.
_Member = tuple[str, int, str]


def unpack(archive: Path, into: Path, *, keep: Sequence[str] = (), top: str | None = None, most_bytes: int) -> int:
    """Unpack a zip or tar archive after checking all of its members; return the bytes written.

    Args:
        archive: The archive.
        into: Existing folder to unpack into.
        keep: Names of the only members wanted, each of which has to be there; empty for all.
        top: Folder of the archive whose content goes straight into `into`.
        most_bytes: The members wanted may not be larger in all.

    Raises:
        DataError: a member is unsafe (outside the folder, a link, a device), too much is in it, or it is damaged.
    """
    try:
        with _opened(archive) as (members, read):
            return _unpack(archive, list(members), read, into, keep, top, most_bytes)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise DataError("archive holds two things of one name", where=archive, found=error.filename) from error
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError("archive is damaged or of an unknown kind", where=archive, found=error) from error


def _unpack(
    archive: Path,
    members: list[_Member],
    read: _Reader,
    into: Path,
    keep: Sequence[str],
    top: str | None,
    most_bytes: int,
) -> int:
    for name, _, kind in members:
        if not _is_safe(name) or kind == "other":
            raise DataError(
                "archive is unsafe, nothing was unpacked",
                where=archive,
                expected="only files and folders inside it",
                found=f"'{name}'",
            )
    files = {name: size for name, size, kind in members if kind == "file" and (not keep or name in keep)}
    absent = [name for name in keep if name not in files]
    if absent:
        raise DataError("archive lacks a file", where=archive, expected=absent[0])
    total = sum(files.values())
    if total > most_bytes:
        raise DataError("archive is too large", where=archive, expected=f"at most {most_bytes} bytes", found=total)
    for name in files:
        parts = PurePosixPath(name).parts
        target = into.joinpath(*(parts[1:] if top is not None and parts[0] == top and len(parts) > 1 else parts))
        target.parent.mkdir(parents=True, exist_ok=True)
        with read(name) as source, target.open("xb") as written:
            shutil.copyfileobj(source, written, 1 << 20)
    return total


class _Reader:
    """Opens a member by name."""

    def __init__(self, archive: zipfile.ZipFile | tarfile.TarFile) -> None:
        self._archive = archive

    def __call__(self, name: str) -> IO[bytes]:
        if isinstance(self._archive, zipfile.ZipFile):
            return self._archive.open(name)
        found = self._archive.extractfile(name)
        if found is None:
            raise tarfile.ReadError(f"'{name}' is not a file")
        return found


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Iterator[_Member], _Reader]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            yield map(_zip_member, packed.infolist()), _Reader(packed)
    else:
        with tarfile.open(path) as taped:
            yield map(_tar_member, taped.getmembers()), _Reader(taped)


def _zip_member(info: zipfile.ZipInfo) -> _Member:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir():
        return info.filename, 0, "folder"
    # Archives made elsewhere than on Unix state no file type.
    return info.filename, info.file_size, "file" if kind in (0, stat.S_IFREG) else "other"


def _tar_member(info: tarfile.TarInfo) -> _Member:
    return info.name, info.size, "file" if info.isreg() else "folder" if info.isdir() else "other"


def _is_safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    # A backslash separates, and a letter and a colon are a drive, on Windows.
    foreign = "\\" in name or "\0" in name or name[1:2] == ":"
    return bool(parts) and not name.startswith("/") and ".." not in parts and not foreign
