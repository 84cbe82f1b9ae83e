"""The cache in use: whoever works with its files holds it, so that none is removed meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from forgetbench.files import cache_folder

try:
    import fcntl
except ImportError:  # Windows, which removes no file that is open
    fcntl = None  # type: ignore[assignment]

#: The file of the cache that is locked.
MARK = ".in-use"


@contextmanager
def using_cache() -> Iterator[None]:
    """Hold the cache together with others who use it.

    One that is not there yet is not made for this, and one that cannot be written is used all the same.
    """
    mark = _opened(cache_folder() / MARK)
    try:
        if mark is not None and fcntl is not None:
            with suppress(OSError):  # a disk that knows no locks
                fcntl.flock(mark, fcntl.LOCK_SH)
        yield
    finally:
        if mark is not None:
            os.close(mark)


@contextmanager
def emptying_cache() -> Iterator[bool]:
    """Hold the cache alone; yield whether that is possible, which it is not while somebody uses it."""
    mark = _opened(cache_folder() / MARK)
    try:
        if mark is not None and fcntl is not None:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            except OSError:  # a disk that knows no locks
                pass
        yield True
    finally:
        if mark is not None:
            os.close(mark)


def _opened(path: Path) -> int | None:
    """Open the mark, making it if need be; None where there is no cache, or it cannot be done."""
    plain = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with suppress(OSError):
        return os.open(path, os.O_RDWR | os.O_CREAT | plain, 0o644)
    with suppress(OSError):
        return os.open(path, os.O_RDONLY | plain)
    return None
