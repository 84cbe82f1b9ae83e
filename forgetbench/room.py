"""Room on the disk: how much there is, how much is left alone, and what is said where it does not suffice."""

from __future__ import annotations

import shutil
from pathlib import Path

from forgetbench.errors import RunError

#: Bytes that are left on a disk: for what other programs write, and for the small files with which a run ends or stops.
RESERVE = 100_000_000
#: Bytes that files are allocated in on most disks: many small files take more than the sum of their sizes.
BLOCK = 4096
_MAKE_ROOM = (
    "Make room (`forgetbench clean` says what can go), then run the same command again: it goes on where it stopped."
)


def size(count: float) -> str:
    """Return a number of bytes with a unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def free_bytes(path: Path) -> int | None:
    """Return how much may still be written where a path is, or is to be; None where the system does not tell."""
    for place in (path.absolute(), *path.absolute().parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def taken(size: int) -> int:
    """Return how much of a disk a file of so many bytes takes."""
    return -(-size // BLOCK) * BLOCK


def has_room(path: Path, wanted: int) -> bool:
    """Tell whether so many bytes can be written and the reserve is left; yes where the system does not tell."""
    free = free_bytes(path)
    return free is None or free >= wanted + RESERVE


def require_room(path: Path, wanted: int, what: str, fix: str = _MAKE_ROOM) -> None:
    """Stop before a disk is full: a file that cannot be written is then never begun.

    Args:
        path: Where it is to be written.
        wanted: How many bytes.
        what: What takes them.
        fix: What helps, where that is something else than room there.

    Raises:
        RunError: they are not there, or the reserve would not be left.
    """
    if has_room(path, wanted):
        return
    raise RunError(
        "not enough room on the disk",
        where=path,
        expected=f"{size(wanted + RESERVE)}: {size(wanted)} for {what}, and {size(RESERVE)} that stay free",
        found=f"{size(free_bytes(path) or 0)} free",
        fix=fix,
    )
