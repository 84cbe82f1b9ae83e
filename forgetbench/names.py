"""Names from outside that become part of a path: of suites, models and arms, of files that a seal or a table lists.

A name in a run, a card or an archive is whatever its writer put there, `../../x` included. Paths are made of names that
are plain, or of relative ones that stay inside, and of nothing else.
"""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

#: What every path of a run is made of, for error messages.
PLAIN = "one plain name of at most 200 bytes, without slashes and control characters"
#: File systems take 255 bytes; a suffix and what a file is called while it is written have to fit as well.
MOST_BYTES = 200


def is_plain(name: object) -> bool:
    """Tell whether a name names something in the folder it is looked for in, on any system, and nothing else."""
    if not isinstance(name, str) or name in ("", ".", "..") or _unprintable(name):
        return False
    return not {"/", "\\"} & set(name) and name[1:2] != ":" and len(name.encode()) <= MOST_BYTES


def stays_inside(name: str) -> bool:
    """Tell whether a name is a relative path that leads nowhere else, on any system."""
    parts = PurePosixPath(name).parts
    # a backslash separates, and a letter and a colon are a drive, on Windows
    foreign = "\\" in name or name[1:2] == ":" or _unprintable(name)
    return bool(parts) and not name.startswith("/") and ".." not in parts and not foreign


def _unprintable(name: str) -> bool:
    if name.isascii() and name.isprintable():  # as nearly all of an archive's thousands are
        return False
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
