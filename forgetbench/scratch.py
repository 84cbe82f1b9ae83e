"""Temporary folders of commands: held while in use, so that what a killed command left is known as such."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: How the names of these folders begin.
PREFIX = "forgetbench-"
#: The file in such a folder that is locked while it is in use. Nothing else has this name, above all not the cache,
#: which may lie in the same place under a name that begins alike.
MARK = ".forgetbench-scratch"

Use = Literal["in use", "left", "not ours"]


@contextmanager
def scratch_folder(kind: str = "") -> Iterator[Path]:
    """Yield an empty folder that is removed at the end, in the place for temporary files.

    Where no file can be locked it is one all the same, but nobody will know it for one that a killed command left.

    Args:
        kind: What it is for; part of its name.
    """
    held: int | None = None
    try:
        with tempfile.TemporaryDirectory(prefix=PREFIX + kind) as name:
            held = _marked(Path(name))
            content = Path(name) / "content"
            content.mkdir()
            yield content
    finally:
        if held is not None:
            os.close(held)


@contextmanager
def looking_at(folder: Path) -> Iterator[Use]:
    """Yield what a folder is: in use; left by a command that was killed, and then held; or not ours, to be left alone.

    Not ours is whatever is not named and marked as `scratch_folder` does it, is a link, or belongs to another user.
    """
    mark = _opened_mark(folder)
    if mark is None or fcntl is None:
        yield "not ours"
        return
    try:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield "in use"
            return
        except OSError:  # a disk that knows no locks tells nothing
            yield "not ours"
            return
        yield "left"
    finally:
        os.close(mark)


def _marked(folder: Path) -> int | None:
    """Mark a folder as in use and return what holds the mark; None where it cannot be done."""
    if fcntl is None:
        return None
    unheld = folder / f"{MARK}.new"
    with suppress(OSError):
        mark = os.open(unheld, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unheld.rename(folder / MARK)  # so that it is held from the moment on that it has this name
        except OSError:
            os.close(mark)
            raise
        return mark
    return None


def _opened_mark(folder: Path) -> int | None:
    """Open the mark of a folder of this user; None where there is no such folder or no such mark."""
    if fcntl is None or not folder.name.startswith(PREFIX):
        return None
    with suppress(OSError):
        about = folder.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
            return None
        mark = os.open(folder / MARK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        about = os.fstat(mark)
        if stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid():
            return mark
        os.close(mark)
    return None
