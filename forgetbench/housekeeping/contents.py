"""What lies in a folder and below: looked at, never opened, and no link followed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """Something in a folder that is no folder itself.

    Attributes:
        name: Where it is, relative to the folder, with slashes.
        bytes: Its size.
        written: When it was last written, in seconds since the epoch.
        regular: Whether it is a file: no link, pipe or device.
    """

    name: str
    bytes: int
    written: float
    regular: bool


def entries_in(folder: Path) -> Iterator[Entry]:
    """Yield all that lies in a folder and below; what cannot be looked at is left out."""
    left = [""]
    while left:
        below = left.pop()
        with suppress(OSError), os.scandir(folder / below) as found:
            for entry in found:
                name = below + entry.name
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        left.append(f"{name}/")
                        continue
                    about = entry.stat(follow_symlinks=False)
                    regular = entry.is_file(follow_symlinks=False)
                    yield Entry(name, about.st_size, about.st_mtime, regular)


def folders_in(folder: Path) -> list[Path]:
    """Return the folders in a folder, by name, without links to folders; none where it cannot be read."""
    with suppress(OSError), os.scandir(folder) as found:
        return sorted(Path(entry.path) for entry in found if entry.is_dir(follow_symlinks=False))
    return []


def remove(folder: Path, names: Iterable[str]) -> set[str]:
    """Remove files below a folder, and folders that become empty by it; return the names that cannot be removed."""
    kept, emptied = set[str](), set[Path]()
    for name in names:
        path = folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError:
            kept.add(name)
        emptied |= {parent for parent in path.parents if folder in parent.parents}
    for parent in sorted(emptied, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            parent.rmdir()
    return kept
