"""Zip and tar archives from anywhere: their members one after another, and their bytes; stated sizes are doubted."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any, Literal

from forgetbench.files import UnfitFileError, open_regular

#: What the standard library raises for an archive that is damaged, encrypted or packed in a way it does not know.
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError,
    RuntimeError, ValueError, OverflowError, LookupError, MemoryError,
)  # fmt: skip
#: How zip, gzip, bzip2 and xz files begin.
_ZIP, _GZIP, _BZIP2, _XZ = b"PK\3\4", b"\x1f\x8b", b"BZh", b"\xfd7zXZ"
#: Where a tar says that it is one, and how.
_TAR = slice(257, 262), b"ustar"
#: Bytes read at once: more only a header asks for, of a name or of attributes, that lies about its size.
_MOST_AT_ONCE = 2 << 20
#: A tape unpacks to at most so many times its size, and a little. Texts shrink to a twentieth, images hardly.
_MOST_EXPANSION, MORE_BYTES = 200, 1 << 30
#: Bytes of a zip's directory for each member, a long name among them.
_DIRECTORY_BYTES = 512
#: What the standard library says of an archive that does not begin or end as it should.
_VAGUE = (
    "File is not a zip file",
    "invalid header",
    "truncated header",
    "empty header",
    "bad checksum",
    "end of file header",
)


@dataclass(frozen=True)
class Member:
    """A member of an archive.

    Attributes:
        name: Its name, as the archive has it.
        size: Its size in bytes.
        kind: A folder, a file, or anything else.
        entry: What the archive's reader finds it by.
    """

    name: str
    size: int
    kind: Literal["folder", "file", "other"]
    entry: Any


@contextmanager
def opened_archive(path: Path, most_members: int) -> Iterator[tuple[Iterator[Member], Callable[[Member], IO[bytes]]]]:
    """Open a zip or tar archive; yield its members, and a function that opens one to be read.

    Of a compressed tape no more is read than is asked for.

    Raises:
        OSError: it cannot be read, or is no file.
        DAMAGE: it is damaged, or no archive.
    """
    with ExitStack() as stack:
        file = stack.enter_context(open_regular(path))
        start = file.read(512)
        size = file.seek(0, 2)
        if start.startswith(_ZIP) or (not _is_tape(start) and zipfile.is_zipfile(file)):
            _check_directory(file, most_members)
            packed = stack.enter_context(zipfile.ZipFile(file))
            yield map(_zip_member, packed.infolist()), lambda member: packed.open(member.entry)
            return
        file.seek(0)
        tape = _Tape(stack.enter_context(_unpacked(file, start)), _MOST_EXPANSION * size + MORE_BYTES)
        taped = stack.enter_context(tarfile.open(fileobj=tape, mode="r:"))

        def read(member: Member) -> IO[bytes]:
            found = taped.extractfile(member.entry)
            if found is None:
                raise tarfile.ReadError(f"'{member.name}' is not a file")
            return found

        yield map(_tar_member, taped), read


def kind_of_archive(path: Path, error: Exception) -> str | None:
    """Return what a file that could not be unpacked is, in a few words; None where the error says more."""
    if isinstance(error, UnfitFileError):
        return None
    with open_regular(path) as file:
        start = file.read(512)
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "a web page"
    known = start.startswith((_ZIP, _GZIP, _BZIP2, _XZ)) or _is_tape(start)
    if isinstance(error, tarfile.ReadError) and not known:
        return "something else"
    vague = isinstance(error, zlib.error | lzma.LZMAError | OSError | LookupError | MemoryError)
    vague = vague or str(error) in _VAGUE
    return "one that is cut off or damaged" if vague else None


def _is_tape(start: bytes) -> bool:
    place, sign = _TAR
    return start.startswith((_GZIP, _BZIP2, _XZ)) or start[place] == sign


def _unpacked(file: BufferedReader, start: bytes) -> BufferedIOBase:
    if start.startswith(_GZIP):
        return gzip.open(file)
    if start.startswith(_BZIP2):
        return bz2.open(file)
    return lzma.open(file) if start.startswith(_XZ) else file


class _Tape(RawIOBase):
    """A tape that neither gives much at once nor goes on for ever."""

    def __init__(self, source: BufferedIOBase, most: int) -> None:
        self._source, self._most = source, most

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_AT_ONCE:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._source.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        if whence == 0 and place > self._most:
            raise tarfile.ReadError("unpacks to far more than archives do")
        return self._source.seek(place, whence)

    def tell(self) -> int:
        place = self._source.tell()
        if place > self._most:
            raise tarfile.ReadError("unpacks to far more than archives do")
        return place


def _check_directory(file: BufferedReader, most_members: int) -> None:
    """Refuse a zip with a directory that is too large to be read into memory.

    Raises:
        BadZipFile: it is.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - (1 << 16) - 22))
    end = file.read()
    at = end.rfind(b"PK\5\6")
    if at < 0 or len(end) < at + 22:
        return  # reading it says so
    stated = int(struct.unpack_from("<L", end, at + 12)[0])
    if stated == 0xFFFFFFFF:
        # Only larger directories than are taken state their size elsewhere, but for writers that always do.
        wide = end.rfind(b"PK\6\6")
        stated = int(struct.unpack_from("<Q", end, wide + 40)[0]) if wide >= 0 and len(end) >= wide + 56 else 0
    if stated > most_members * _DIRECTORY_BYTES:
        raise zipfile.BadZipFile(f"a directory of {stated} bytes")


def _zip_member(info: zipfile.ZipInfo) -> Member:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir():
        return Member(info.filename, 0, "folder", info)
    # Archives made elsewhere than on Unix state no file type.
    return Member(info.filename, info.file_size, "file" if kind in (0, stat.S_IFREG) else "other", info)


def _tar_member(info: tarfile.TarInfo) -> Member:
    file = info.isreg() and info.size >= 0
    return Member(info.name, info.size, "file" if file else "folder" if info.isdir() else "other", info)
