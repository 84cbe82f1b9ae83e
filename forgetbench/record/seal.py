"""The seal of a finished run: `DONE`, which names every file with its hash as `sha256sum` writes them.

`sha256sum --check DONE` in the run folder says whether any file changed, without forgetbench.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from forgetbench.errors import CorruptRunError, brief
from forgetbench.files import regular_bytes, write_text
from forgetbench.names import stays_inside

SEAL = "DONE"
#: The seal while it grows, see `journal.py`.
JOURNAL = "journal"
#: What holds the folder for a process, see `lock.py`.
LOCK = ".lock"
#: Folder of what several processes do of an unfinished run at once, see `job_files.py`.
JOBS = "jobs"
#: Files of a run folder that are not sealed.
UNSEALED = (SEAL, LOCK)
#: No seal and no journal is as large.
MOST_BYTES = 256 << 20
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def read_seal(folder: Path) -> dict[str, str]:
    """Return the hash of each file by its name relative to the run folder.

    Raises:
        CorruptRunError: there is no seal, it is none, or a name in it leads out of the folder.
    """
    path = folder / SEAL
    if not is_regular(folder, SEAL):
        raise CorruptRunError("not a regular file", where=path, expected="the seal of a finished run")
    try:
        text = regular_bytes(path, MOST_BYTES).decode("utf-8")
    except (OSError, ValueError) as error:
        raise CorruptRunError("not readable", where=path, expected="the seal of a finished run") from error
    *lines, rest = text.split("\n")
    if rest or not lines:
        lines.append(rest or "nothing")  # which is no line of a seal: it is cut
    hashes: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        entry = read_line(line)
        if entry is None or entry[0] in hashes:
            raise CorruptRunError(
                "not a seal", where=f"{path}, line {number}", expected="a hash and a file's name", found=brief(line)
            )
        hashes[entry[0]] = entry[1]
    return hashes


def read_line(line: str) -> tuple[str, str] | None:
    """Return the name and the hash that a line gives; None where it is no such line or its name leads out."""
    matched = _LINE.fullmatch(line)
    return (matched[2], matched[1]) if matched and stays_inside(matched[2]) else None


def lines_of(hashes: Mapping[str, str]) -> str:
    """Return names and hashes as `sha256sum` writes them, sorted by name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items()))


def write_seal(folder: Path, hashes: Mapping[str, str]) -> None:
    """Write the seal of files with these hashes, whole or not at all."""
    write_text(folder / SEAL, lines_of(hashes))


def files_in(folder: Path) -> list[str]:
    """Return the names of all that lies in a run folder but its seal; links count as files, whatever they lead to."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(name for path in found if (name := path.relative_to(folder).as_posix()) not in UNSEALED)


def refuse_irregular(folder: Path) -> None:
    """Refuse a run folder in which something is no regular file: opening it might lead elsewhere, or never end.

    Raises:
        CorruptRunError: there is such a thing.
    """
    for name in (*files_in(folder), SEAL):
        if os.path.lexists(folder / name) and not is_regular(folder, name):
            raise CorruptRunError("not a regular file", where=folder / name, fix="Remove it; no run has such a thing.")


def is_regular(folder: Path, name: str) -> bool:
    """Tell whether a name in a folder is a file with content of its own: no link, no folder, no pipe, no device."""
    path = folder / name
    return path.is_file() and not any(part.is_symlink() for part in (path, *path.parents) if folder in part.parents)
