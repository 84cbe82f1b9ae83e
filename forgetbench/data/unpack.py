"""Unpacking archives that nobody has vouched for: regular files only, inside the folder given, within a size."""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from forgetbench.errors import DataError
from forgetbench.files import open_regular

#: A member: its name, its size in bytes, and whether it is a folder, a file or anything else.
_Member = tuple[str, int, str]
#: What the standard library raises for an archive that is damaged, encrypted or packed in a way it does not know.
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError,
    ValueError,
)  # fmt: skip
#: How zip, gzip, bzip2 and xz files begin.
_STARTS = (b"PK\3\4", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")


def unpack(
    archive: Path,
    into: Path,
    *,
    keep: Sequence[str] = (),
    top: str | None = None,
    most_bytes: int,
    called: str | None = None,
) -> int:
    """Unpack a zip or tar archive after checking all of its members; return the bytes written.

    Args:
        archive: The archive.
        into: Existing folder to unpack into.
        keep: Names of the only files and folders wanted, each of which has to be there; empty for all.
        top: The only folder wanted; its content goes straight into `into`.
        most_bytes: The members wanted may not be larger in all.
        called: What errors call the archive, by default its path.

    Raises:
        DataError: a member is unsafe (outside the folder, a link, a device), too much or too little is in it, two
            members have one name, or it is damaged.
        OSError: it cannot be written.
    """
    where = called or str(archive)
    try:
        with _opened(archive) as (members, read):
            wanted = _choose(where, members, keep, top, most_bytes)
            for target, (name, size) in wanted.items():
                path = into / target
                path.parent.mkdir(parents=True, exist_ok=True)
                with read(name) as source, path.open("xb") as written:
                    shutil.copyfileobj(source, written, 1 << 20)
                    if written.tell() != size:
                        raise EOFError(f"'{name}' should have {size} bytes and has {written.tell()}")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise _two_of_one_name(where, Path(error.filename).name) from error
    except (OSError, *_DAMAGE) as error:
        # Of a damaged stream, gzip and bz2 raise this without a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(
            "archive is damaged or of an unknown kind",
            where=where,
            expected="a zip or tar archive",
            found=_found(archive, error),
        ) from error
    return sum(size for _, size in wanted.values())


def stays_inside(name: str) -> bool:
    """Tell whether a name is a relative path that leads nowhere else, on any system."""
    parts = PurePosixPath(name).parts
    # A backslash separates, and a letter and a colon are a drive, on Windows.
    foreign = "\\" in name or name[1:2] == ":" or any(unicodedata.category(char) in ("Cc", "Cs") for char in name)
    return bool(parts) and not name.startswith("/") and ".." not in parts and not foreign


def _choose(
    where: str, members: Iterable[_Member], keep: Sequence[str], top: str | None, most_bytes: int
) -> dict[PurePosixPath, tuple[str, int]]:
    """Return the name in the archive and the size of each file wanted, by where it goes; every member is checked."""
    wanted: dict[PurePosixPath, tuple[str, int]] = {}
    needed = dict.fromkeys([*keep, *([top] if top else [])], False)
    total = 0
    for name, size, kind in members:
        if not stays_inside(name) or kind == "other":
            raise DataError(
                "archive is unsafe, nothing was unpacked",
                where=where,
                expected="only files and folders inside it",
                found=repr(name),
            )
        path = PurePosixPath(name)
        if kind == "folder" or not all(_covers(names, path) for names in (keep, [top] if top else ())):
            continue
        target = path.relative_to(top) if top else path
        if target in wanted:
            raise _two_of_one_name(where, str(target))
        wanted[target] = (name, size)
        needed |= {wish: True for wish in needed if path.is_relative_to(wish)}
        total += size
        if total > most_bytes:
            raise DataError(
                "archive is too large", where=where, expected=f"at most {most_bytes} bytes", found=f"{total} or more"
            )
    absent = [wish for wish, there in needed.items() if not there]
    if absent:
        raise DataError("archive lacks what is wanted of it", where=where, expected=f"'{absent[0]}'")
    return wanted


def _covers(wishes: Sequence[str], path: PurePosixPath) -> bool:
    return not wishes or any(path.is_relative_to(wish) for wish in wishes)


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
            # One after another: of a compressed tape that unpacks to too much, no more is read than is allowed.
            yield map(_tar_member, taped), _Reader(taped)


def _zip_member(info: zipfile.ZipInfo) -> _Member:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir():
        return info.filename, 0, "folder"
    # Archives made elsewhere than on Unix state no file type.
    return info.filename, info.file_size, "file" if kind in (0, stat.S_IFREG) else "other"


def _tar_member(info: tarfile.TarInfo) -> _Member:
    file = info.isreg() and info.size >= 0
    return info.name, info.size, "file" if file else "folder" if info.isdir() else "other"


def _two_of_one_name(where: str, name: str) -> DataError:
    return DataError("archive holds two things of one name", where=where, found=repr(name))


def _found(path: Path, error: Exception) -> str:
    """Return what a file that could not be unpacked is, in a few words."""
    with open_regular(path) as file:
        start = file.read(512)
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "a web page"
    if str(error).startswith("file could not be opened"):
        return "one that is cut off or damaged" if start.startswith(_STARTS) else "something else"
    return " ".join(str(error).split()) or type(error).__name__
