"""What an image file holds: hashed when data are read, and proved to be the same when it is decoded.

A file whose state (size, times, inode, device) is that of when it was hashed is taken to hold the same. Setting back
the time of modification does not deceive this, since the time of change moves. Only a file changed twice within the
clock's granularity could, so a state counts for nothing until it has stood for a moment.
"""

from __future__ import annotations

import errno
import hashlib
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from forgetbench.data.dataset import Sample
from forgetbench.errors import DataError, ForgetbenchError
from forgetbench.faults import machine_fault
from forgetbench.files import MOST_IMAGE_BYTES, regular_bytes, sha256_file

#: Nanoseconds that a state has to have stood: the coarsest clock of a common file system (FAT) ticks every two seconds.
_GRANULARITY = 2 * 10**9
_FIX = "Put the file back, or run the same command again: changed data make another run."


class FileState(NamedTuple):
    """What the file system says of a file: bytes, times of modification and of change in ns, which file it is."""

    size: int
    modified: int
    changed: int
    inode: int
    device: int


#: States and hashes of the files that this process has hashed, or a loader's parent before it.
hashed: dict[Path, tuple[FileState, str]] = {}


def state_of(path: Path) -> FileState:
    """Return the state of a regular file.

    Raises:
        OSError: there is none, or it is something else, such as a pipe, which is not to be opened.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return FileState(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


def is_settled(state: FileState) -> bool:
    """Tell whether a later change of the file would be another state."""
    return time.time_ns() - max(state.modified, state.changed) > _GRANULARITY


def remember(path: Path, state: FileState, sha256: str) -> None:
    """Keep the hash of a file for this process; the state has to have been settled before the file was read."""
    hashed[path] = state, sha256


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, which is read only where that is not known from before.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    state = state_of(path)
    known = hashed.get(path)
    if known is not None and known[0] == state:
        return known[1]
    settled = is_settled(state)
    sha256 = sha256_file(path)
    if settled and state_of(path) == state:
        remember(path, state, sha256)
    return sha256


def read_image(sample: Sample) -> bytes:
    """Return the bytes of an image, the very ones that were hashed when the data were read.

    Raises:
        DataError: they are others, or cannot be read.
        ForgetbenchError: the machine is to blame.
    """
    try:
        content = regular_bytes(sample.image, MOST_IMAGE_BYTES)
    except OSError as error:
        raise _unreadable(sample, error) from error
    _require(sample, hashlib.sha256(content).hexdigest())
    return content


def check_image(sample: Sample) -> None:
    """See to it that an image's file still holds what was hashed when the data were read.

    Raises:
        DataError: it holds something else, or cannot be read.
    """
    try:
        found = hash_of(sample.image)
    except OSError as error:
        raise _unreadable(sample, error) from error
    _require(sample, found)


@contextmanager
def unchanged(sample: Sample) -> Iterator[None]:
    """Let the block read an image by its path: what it reads is what was hashed when the data were read.

    Raises:
        DataError: the file holds something else before or after the block, or cannot be read.
    """
    check_image(sample)
    try:
        yield
    finally:
        check_image(sample)


def _require(sample: Sample, found: str) -> None:
    if found != sample.sha256:
        raise DataError(
            "changed since the data were read",
            where=sample.image,
            expected=f"the content of SHA-256 {sample.sha256[:16]}…",
            found=f"{found[:16]}…",
            fix=_FIX,
        )


def _unreadable(sample: Sample, error: OSError) -> ForgetbenchError:
    fault = None if isinstance(error, FileNotFoundError) else machine_fault(error)
    return fault or DataError("cannot be read any more", where=sample.image, found=error.strerror or error, fix=_FIX)
