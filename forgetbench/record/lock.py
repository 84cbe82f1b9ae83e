"""Who works on a run: the lock that one process holds, and a look at it that takes nothing."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from forgetbench.errors import InputError, RunLockedError
from forgetbench.faults import cannot_write
from forgetbench.files import open_regular
from forgetbench.record.seal import LOCK, is_regular

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Seconds to wait for a lock, which `is_held` may have for a moment.
_MOMENT = 0.2
#: What a system answers that has a file locked elsewhere, or knows no locks: the file is then there while it is held.
_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.ENOSYS)


@contextmanager
def holding(folder: Path, *, patience: float = _MOMENT, what: str = "working on this run") -> Iterator[None]:
    """Hold a folder, such as a run's, for this process; it is made if need be.

    Args:
        folder: The folder.
        patience: Seconds to wait for a process that holds it.
        what: What a process does that holds it.

    Raises:
        InputError: it cannot be made or written to.
        RunError: it cannot be written for now, such as for want of room.
        RunLockedError: another process holds it.
    """
    lock = FileLock(folder / LOCK, timeout=patience)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise RunLockedError(
            f"another process is {what}",
            where=folder,
            fix="Wait for it to end, or stop it; then run the same command again.",
        ) from error
    except OSError as error:
        raise cannot_write(error, folder) from error
    except NotImplementedError as error:  # filelock's word for it
        raise InputError("no file can be locked there", where=folder, fix="Name a folder on another disk.") from error
    try:
        yield
    finally:
        lock.release()


def is_held(folder: Path) -> bool:
    """Tell whether a living process holds a run's folder; nothing is written, so that anybody's run can be asked for.

    Where it cannot be found out, such as for want of access, it is taken for not held.
    """
    if not is_regular(folder, LOCK):
        return False
    if fcntl is None:
        try:
            with FileLock(folder / LOCK, timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False
    try:
        with open_regular(folder / LOCK) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        # access that is denied to the file itself names it; a lock that is denied names nothing
        return error.errno in _HELD and error.filename is None
    return False
