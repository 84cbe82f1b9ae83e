"""Faults of the machine: no room, no access, no memory, a disk that is gone; each with its path and what helps."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from forgetbench.errors import ForgetbenchError, InputError, RunError


class _Fault(NamedTuple):
    found: str
    fix: str
    kind: type[ForgetbenchError] = RunError


_AGAIN = "then run the same command again: it goes on where it stopped."
_ROOM = f"Make room, {_AGAIN}"
_GONE = f"See that the folder, its disk or its network share is there, {_AGAIN}"
_BROKEN = f"Look at the disk, or at the connection to it, {_AGAIN}"
_OTHER_PLACE = "Give yourself access, or name another place."
_FAULTS = {
    errno.ENOSPC: _Fault("no room is left on the disk", _ROOM),
    errno.EDQUOT: _Fault("your quota on the disk is used up", _ROOM),
    errno.EFBIG: _Fault(
        "files may not be so large here", f"Raise the limit (`ulimit -f`) or use another disk, {_AGAIN}"
    ),
    errno.ENOENT: _Fault("its folder is gone", _GONE),
    errno.ESTALE: _Fault("its network share is gone", _GONE),
    errno.ENODEV: _Fault("its disk is gone", _GONE),
    errno.ENXIO: _Fault("its disk is gone", _GONE),
    errno.EIO: _Fault("the disk fails", _BROKEN),
    errno.ETIMEDOUT: _Fault("the disk does not answer", _BROKEN),
    errno.EMFILE: _Fault("too many files are open", f"Raise the limit (`ulimit -n 8192`), {_AGAIN}"),
    errno.ENFILE: _Fault("the system has too many files open", f"End other programs, {_AGAIN}"),
    errno.EACCES: _Fault("you may not write there", _OTHER_PLACE, InputError),
    errno.EPERM: _Fault("you may not write there", _OTHER_PLACE, InputError),
    errno.EROFS: _Fault("the disk can only be read", "Name a place that can be written.", InputError),
    errno.ENAMETOOLONG: _Fault("the path is longer than the system allows", "Name a shorter path.", InputError),
    errno.ENOTDIR: _Fault("a part of its path is a file, not a folder", "Name another place.", InputError),
    errno.EEXIST: _Fault("a part of its path is a file, not a folder", "Name another place.", InputError),
    errno.EISDIR: _Fault("a folder has this name", "Name another place.", InputError),
}
#: What libraries put into words instead of raising the system's error.
_IN_WORDS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.EIO)
_SHORT = re.compile(r"\d+ requested and \d+ written")
_MEMORY = re.compile(
    r"DefaultCPUAllocator|not enough memory|out of memory|Insufficient memory|Cannot allocate memory"
    r"|STATUS_ALLOC_FAILED"
)
_LOADER = re.compile(r"DataLoader worker .*(exited unexpectedly|killed by signal)")


def cannot_write(error: BaseException, path: Path) -> ForgetbenchError:
    """Return what to raise where a file or folder could not be written.

    Args:
        error: What the system or a library raised.
        path: What was to be written.

    Returns:
        An InputError where another place has to be named, a RunError where the same command can go on.
    """
    number = number_of(error)
    said = os.strerror(number) if number is not None else " ".join(str(error).split()) or type(error).__name__
    fault = _FAULTS.get(number or 0, _Fault(said, f"See to it, {_AGAIN}"))
    return fault.kind("cannot be written", where=path, found=fault.found, fix=fault.fix)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file or folder is written into an error that names it; other files' errors pass.

    Raises:
        InputError: another place has to be named.
        RunError: the machine is to be seen to; the same command can go on then.
    """
    try:
        yield
    except ForgetbenchError:
        raise
    except Exception as error:
        if _is_of(error, path):
            raise cannot_write(error, path) from error
        raise


def machine_fault(error: BaseException) -> ForgetbenchError | None:
    """Return what to say of an error that the machine is to blame for, None if it is not."""
    text = str(error)
    if is_out_of_memory(error):
        fix = "End other programs, or lower train.batch, train.workers or imgsz"
        return RunError("there is not enough memory", found=first_line(text), fix=f"{fix}; {_AGAIN}")
    if _LOADER.search(text):
        fix = "Lower train.workers (0 loads without further processes)"
        return RunError("a process that loads images was ended", found=first_line(text), fix=f"{fix}; {_AGAIN}")
    number = number_of(error)
    if number not in _FAULTS or not (isinstance(error, OSError) or number in _IN_WORDS):
        return None
    fault, place = _FAULTS[number], _system_error(error)
    found = os.strerror(number) if number in (errno.ENOENT, errno.EACCES, errno.EPERM) else fault.found
    where = place.filename if place is not None and place.filename else None
    return fault.kind("cannot be used" if where else "the system refuses", where=where, found=found, fix=fault.fix)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory has run out, the host's or a device's; not one that says so in words."""
    if isinstance(error, ForgetbenchError):
        return False
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or bool(_MEMORY.search(str(error)))


def is_full(error: BaseException) -> bool:
    """Tell whether an error says that there is no room."""
    return number_of(error) in (errno.ENOSPC, errno.EDQUOT)


def number_of(error: BaseException) -> int | None:
    """Return the system's number of an error, also where a library hides it in its own; None if there is none."""
    known = _system_error(error)
    if known is not None:
        return known.errno
    text = str(error)
    if _SHORT.search(text):  # what NumPy says of a write that fell short
        return errno.ENOSPC
    return next((number for number in _IN_WORDS if os.strerror(number) in text), None)


def _system_error(error: BaseException) -> OSError | None:
    if isinstance(error, OSError) and error.errno is not None:
        return error
    # PyTorch says only that a write fell short, while it handles what the system said.
    behind = error.__cause__ or error.__context__ if isinstance(error, RuntimeError) else None
    return behind if isinstance(behind, OSError) and behind.errno is not None else None


def _is_of(error: Exception, path: Path) -> bool:
    """Tell whether an error is about a file's writing: it names the file, something beside or above it, or nothing."""
    if number_of(error) is None:
        return False
    known = _system_error(error)
    if known is None or not isinstance(known.filename, str | bytes | os.PathLike):
        return True
    named, path = Path(os.fsdecode(known.filename)).absolute(), path.absolute()
    return named.parent == path.parent or path.is_relative_to(named) or named.is_relative_to(path)


def first_line(text: str) -> str | None:
    """Return the first line of what a library says, None if it says nothing."""
    return text.strip().partition("\n")[0] or None
