"""What can be freed: files that are made again when they are needed, and what is left alone instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forgetbench.errors import counted
from forgetbench.housekeeping.contents import Entry, remove


@dataclass(frozen=True)
class Freed:
    """Files of one kind in one place.

    Attributes:
        kind: What they are, in words.
        where: The folder they are in.
        files: How many.
        bytes: Their size.
        again: How they are made again.
    """

    kind: str
    where: Path
    files: int
    bytes: int
    again: str


@dataclass(frozen=True)
class Cleaning:
    """What was freed, or would be.

    Attributes:
        done: Whether it was removed; else it was only looked at.
        freed: The files by kind and place.
        left: What was left alone, and why.
    """

    done: bool
    freed: list[Freed] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Size of all that was freed, or would be."""
        return sum(one.bytes for one in self.freed)

    def free(self, kind: str, where: Path, entries: Sequence[Entry], again: str) -> None:
        """Free files, or count them only."""
        if not entries:
            return
        kept = remove(where, [entry.name for entry in entries]) if self.done else set[str]()
        if kept:
            self.left.append(f"{where}: {counted(len(kept), 'file', 'files')} cannot be removed")
        gone = [entry for entry in entries if entry.name not in kept]
        self.freed.append(Freed(kind, where, len(gone), sum(entry.bytes for entry in gone), again))
