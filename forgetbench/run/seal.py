"""The seal of a finished run: `DONE`, which names every file with its hash as `sha256sum` writes them.

`sha256sum --check DONE` in the run folder says whether any file changed, without forgetbench.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from forgetbench.errors import CorruptRunError
from forgetbench.files import sha256_file, write_text

SEAL = "DONE"
#: Files of a run folder that are not sealed: the seal itself, and what holds the folder for a process.
UNSEALED = (SEAL, ".lock")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def seal(folder: Path) -> None:
    """Write the seal of every file in a run folder; parts of files that a kill left behind are removed before."""
    for left in folder.rglob(".*.part"):
        left.unlink()
    _write(folder, {name: sha256_file(folder / name) for name in files_in(folder)})


def reseal(folder: Path, written: Iterable[Path]) -> None:
    """Bring the seal up to date with files that were written, added or removed on purpose; others keep their hashes.

    Raises:
        CorruptRunError: the seal is not readable.
    """
    hashes = read_seal(folder)
    for path in written:
        name = path.relative_to(folder).as_posix()
        if path.is_file():
            hashes[name] = sha256_file(path)
        else:
            hashes.pop(name, None)
    _write(folder, hashes)


def read_seal(folder: Path) -> dict[str, str]:
    """Return the hash of each file by its name relative to the run folder.

    Raises:
        CorruptRunError: there is no seal, or it is none.
    """
    path = folder / SEAL
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, ValueError) as error:
        raise CorruptRunError("not readable", where=path, expected="the seal of a finished run") from error
    hashes: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        matched = _LINE.fullmatch(line)
        if matched is None or matched[2] in hashes:
            raise CorruptRunError(
                "not a seal", where=f"{path}, line {number}", expected="a hash and a file's name", found=repr(line[:80])
            )
        hashes[matched[2]] = matched[1]
    return hashes


def files_in(folder: Path) -> list[str]:
    """Return the names of all that lies in a run folder and has to be sealed; links count as files."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(name for path in found if (name := path.relative_to(folder).as_posix()) not in UNSEALED)


def _write(folder: Path, hashes: Mapping[str, str]) -> None:
    write_text(folder / SEAL, "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items())))
