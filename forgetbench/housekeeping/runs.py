"""The runs below a folder: whether each is finished, being worked on, stopped and where, or damaged."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from forgetbench.errors import CorruptRunError, InputError, counted, shortened
from forgetbench.files import is_there
from forgetbench.housekeeping.contents import Entry, entries_in, folders_in
from forgetbench.record.amend import NOTE
from forgetbench.record.job_files import jobs_held
from forgetbench.record.journal import Journal
from forgetbench.record.lock import is_held
from forgetbench.record.manifest import Manifest, read_manifest
from forgetbench.record.run_format import refuse_other_format
from forgetbench.record.seal import JOURNAL, LOCK, SEAL

State = Literal["complete", "running", "stopped", "damaged", "other version"]
MANIFEST = "manifest.json"
#: A run lies in a folder of the suite's name, which lies in a folder of runs, which may lie in the one that is named.
_DEPTH = 3
_ID = re.compile(r"(?:.*-)?[0-9a-f]{12}")
_RECORD = re.compile(r"epoch-(\d+)\.json")


@dataclass(frozen=True)
class RunStatus:
    """A run as it lies in its folder.

    Attributes:
        path: Its folder.
        suite: Name of its suite; that of the folder around it where the run does not tell.
        id: Its id; its folder's name where the run does not tell.
        state: `complete`: sealed, and no file is missing; `running`: a living process holds it; `stopped`: the command
            that made it goes on with it; `damaged`: something in it is not what it has to be; `other version`: its
            format is not the one that is read here.
        detail: Where it is or stopped, or what is wrong; empty where there is nothing to say.
        written: When one of its files was last written, in seconds since the epoch; None where nobody knows, as in an
            unpacked archive.
        bytes: The size of its files.
    """

    path: Path
    suite: str
    id: str
    state: State
    detail: str
    written: float | None
    bytes: int


def list_runs(folder: str | Path = "runs") -> list[RunStatus]:
    """Return the runs in a folder and below, by suite and by when they were written.

    Files are looked at, not hashed: `verify` tells whether a finished run is unchanged.

    Raises:
        InputError: there is no such folder.
    """
    found = [status_of(path) for path in find_runs(Path(folder))]
    return sorted(found, key=lambda one: (str(one.path.parent), one.written or 0, one.id))


def find_runs(folder: Path) -> list[Path]:
    """Return the folders of runs: the one that is named, or those up to three levels below; links are not followed.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError("no such folder", where=folder, expected="a folder of runs, or the folder of a run")
    return list(_found(folder, _DEPTH))


def _found(folder: Path, depth: int) -> Iterator[Path]:
    if _is_run(folder):
        yield folder
    elif depth:
        for below in folders_in(folder):
            yield from _found(below, depth - 1)


def _is_run(folder: Path) -> bool:
    """Tell whether a folder is a run's: by what lies in it and, where some of that is missing, also by its name."""
    there = {name for name in (MANIFEST, SEAL, JOURNAL, LOCK) if os.path.lexists(folder / name)}
    return bool(MANIFEST in there and there & {SEAL, JOURNAL}) or bool(there and _ID.fullmatch(folder.absolute().name))


def status_of(folder: Path) -> RunStatus:
    """Return what a run's folder says of it."""
    entries = {entry.name: entry for entry in entries_in(folder)}
    place = folder.absolute()
    suite, called, detail = place.parent.name, place.name, ""
    state: State = "damaged"
    try:
        done = _completed(folder)
        if {MANIFEST, SEAL}.isdisjoint([*entries, *done]):
            state, detail = "stopped", "at its start"
        else:
            manifest = read_manifest(folder)
            refuse_other_format(manifest, folder)  # nor one that states none
            suite, called = manifest["suite"]["name"], manifest["id"]
            state, detail = _state(folder, manifest, entries, done)
        state = "running" if is_held(folder) or jobs_held(folder) else state
    except CorruptRunError as error:
        where = str(error.where).removeprefix(f"{folder}/")
        detail = shortened(f"{where}: {error.problem}", 80)
    except InputError as error:
        state, detail = "other version", str(error.found)
    except (OSError, MemoryError) as error:
        detail = f"not readable: {type(error).__name__}"
    size = sum(entry.bytes for entry in entries.values() if entry.regular)
    return RunStatus(folder, suite, called, state, detail, _written(entries.values()), size)


def _completed(folder: Path) -> set[str]:
    """Return the names of the files that an unfinished run's journal, or a finished one's seal, has."""
    return {path.relative_to(folder).as_posix() for path in Journal(folder).within(folder)}


def _state(folder: Path, manifest: Manifest, entries: Mapping[str, Entry], done: set[str]) -> tuple[State, str]:
    odd = next((name for name, entry in entries.items() if not entry.regular), None)
    if odd is not None:
        return "damaged", f"{odd} is no regular file"
    if SEAL not in entries:
        return "stopped", _stage(manifest, done)
    left_out = not is_there(folder / "checkpoints")  # as `pack --without-checkpoints` does
    missing = sorted(name for name in done - entries.keys() if not (left_out and name.startswith("checkpoints/")))
    if missing:
        further = f", and {counted(len(missing) - 1, 'more file', 'more files')}" if missing[1:] else ""
        return "damaged", f"{missing[0]} is missing{further}"
    if NOTE in entries:
        return "stopped", "while something was added to it"
    return "complete", "without checkpoints" if left_out else ""


def _stage(manifest: Manifest, done: set[str]) -> str:
    """Return how far an unfinished run is, by the files that are complete."""
    epochs = manifest["suite"]["train"]["epochs"]
    for model, seed in dict.fromkeys((arm["model"], arm["seed"]) for arm in manifest["arms"]):
        place = f"sessions/{model}-seed{seed}/"
        if f"{place}complete.json" not in done:
            records = (_RECORD.fullmatch(name.removeprefix(place)) for name in done if name.startswith(place))
            last = max((int(record[1]) for record in records if record), default=0)
            return f"training {model}, seed {seed}: {last} of {epochs} epochs"
    if "results.csv" not in done:
        return "scoring"
    return "making tables and charts" if "modules.csv" in done else "measuring drift"


def _written(entries: Collection[Entry]) -> float | None:
    times = [entry.written for entry in entries if entry.name != LOCK] or [entry.written for entry in entries]
    return max(times, default=0.0) or None
