"""Opening nothing but files, writing them whole or not at all, hashing them, and the folder for what can be remade."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any

from forgetbench.errors import InputError
from forgetbench.faults import cannot_write, is_full, writing

#: Stands for a home folder where there is none: nothing is found below it, and nothing can be made there.
_NO_HOME = Path(os.devnull)
#: Bytes of a file's name from which on a temporary file is not named after it.
_LONG_NAME = 200
#: Bytes of the largest image file.
MOST_IMAGE_BYTES = 1 << 30
#: What there may be in the place of a file: opening it would wait for ever, or never come to an end.
_NOT_FILES = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class UnfitFileError(OSError):
    """Something is no regular file, or larger than what it should be ever is; as text, only that."""

    def __str__(self) -> str:
        """Return what is wrong, without number and path: whoever tells it names the file."""
        return str(self.strerror)


def check_regular(path: str | Path) -> None:
    """Refuse to go on with what is no regular file and no link to one; for libraries that open a path themselves.

    Raises:
        UnfitFileError: it is a folder, a pipe, a socket or a device.
        OSError: there is nothing, or it cannot be looked at.
    """
    _refuse_others(os.stat(path).st_mode, path)  # noqa: PTH116 - called for many small files


@contextmanager
def open_regular(path: str | Path) -> Iterator[BufferedReader]:
    """Open a regular file, or a link to one, for reading bytes: nothing of another kind is ever waited for.

    Raises:
        UnfitFileError: it is a folder, a pipe, a socket or a device.
        OSError: there is nothing, or it cannot be read.
    """
    check_regular(path)  # opening a device may already do something
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        _refuse_others(os.fstat(descriptor).st_mode, path)  # it may have been exchanged meanwhile
        yield file


def regular_bytes(path: str | Path, most: int) -> bytes:
    """Return all that is in a regular file of at most `most` bytes.

    Raises:
        UnfitFileError: it is larger, or no regular file.
        OSError: there is nothing, or it cannot be read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = b"" if size > most else file.read(most + 1)  # it may grow
    if max(size, len(content)) > most:
        bound = f"{most >> 20} MiB" if most >= 1 << 20 else f"{most >> 10} KiB"
        raise UnfitFileError(errno.EFBIG, f"larger than {bound}", str(path))
    return content


def _refuse_others(mode: int, path: str | Path) -> None:
    if not stat.S_ISREG(mode):
        kind = _NOT_FILES.get(stat.S_IFMT(mode), "something else")
        raise UnfitFileError(errno.EINVAL, f"it is {kind}, not a file", str(path))


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it into place if the block succeeds, else remove it.

    A reader sees the old file or the complete new one, never a part. Data reach the disk before the name does.

    Raises:
        InputError: something other than a file has this name, or another place has to be named.
        RunError: it cannot be written for now, such as for want of room.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            found = "a folder" if path.is_dir() else "a device or the like"
            raise InputError("cannot be written", where=path, expected="a file, or nothing yet", found=found)
        # The temporary name is the longer one, and must fit where the name itself does.
        mark = path.name if len(os.fsencode(path.name)) < _LONG_NAME else ""
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{mark}.", suffix=".part")
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def place_folder(made: Path, path: Path) -> None:
    """Copy a folder to where there is nothing yet, whole or not at all.

    Raises:
        InputError: something has this name already, or another place has to be named.
        RunError: it cannot be written for now, such as for want of room.
    """
    if path.exists():
        raise InputError("cannot be written", where=path, expected="nothing there yet", found="something of this name")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[: _LONG_NAME // 4]}."))
        try:
            shutil.copytree(made, temporary, dirs_exist_ok=True)
            temporary.chmod(0o755)
            temporary.rename(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it, as far as may be; a link, a pipe or a file of its name is not touched."""
    if path.is_dir() and not path.is_symlink():  # on a pipe, rmtree waits for ever
        shutil.rmtree(path, ignore_errors=True)


def check_writable(path: Path) -> None:
    """Refuse a place that cannot be written, before what is to be written there is made.

    Raises:
        InputError: another place has to be named.
        RunError: it cannot be written for now.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise cannot_write(error, path) from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically; half characters, as in names of files of another encoding, become escapes."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document atomically: indented, sorted keys, no NaN."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """Return a JSON document: indented, sorted keys, no NaN."""
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"


def sha256_file(path: Path) -> str:
    """Return the SHA-256 hex digest of a file's bytes."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_json(value: Any) -> str:
    """Return the SHA-256 hex digest of a value's canonical JSON form."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def is_there(path: Path) -> bool:
    """Tell whether there is something of a name; a name that no system takes, such as one too long, is of nothing."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def expanded(path: str | Path) -> Path:
    """Return a path with `~` replaced by the home folder; where there is no such home, `~` stays."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  (Path.expanduser raises where there is no home)


def cache_folder() -> Path:
    """Return the folder for what can be remade: `FORGETBENCH_CACHE`, else `~/.cache/forgetbench`.

    It need not be there, nor can it always be written: what is to be written goes into `writable_cache`.
    """
    named = os.environ.get("FORGETBENCH_CACHE")
    folder = expanded(named or f"{os.environ.get('XDG_CACHE_HOME') or '~/.cache'}/forgetbench")
    return _NO_HOME / "forgetbench" if str(folder).startswith("~") else folder.absolute()


def writable_cache(part: str) -> Path:
    """Return a folder of the cache to write to, such as `weights`; it is made if need be.

    Raises:
        InputError: it cannot be written.
    """
    folder = cache_folder() / part
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        nowhere = folder.is_relative_to(_NO_HOME)
        raise InputError(
            "there is no home folder to keep the cache in" if nowhere else "the cache folder cannot be written",
            where=None if nowhere else folder,
            found=None if nowhere else error.strerror,
            fix=f"{'Make room, or n' if is_full(error) else 'N'}ame {'one' if nowhere else 'another'} with "
            "FORGETBENCH_CACHE.",
        ) from error
    return folder
