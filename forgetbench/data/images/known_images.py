"""What measuring found of image files, kept in the cache, so that large data are hashed and decoded once.

A file is known while its path and state are those of when it was measured, and what measures is the same. The cache
only saves time: where it cannot be read or written, images are measured as if there were none.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path

from forgetbench.data.images.content import FileState, hash_of, is_settled, remember, state_of
from forgetbench.data.images.measure import MEASURED_BY, MeasuredImage, measure_image
from forgetbench.files import cache_folder

#: Seconds to wait while another process writes.
PATIENCE = 5.0
#: A file of the cache that is larger, of a million images and more, is thrown away.
MOST_BYTES = 2**29
#: Images asked for in one statement.
_AT_ONCE = 500
#: Columns: the path as the system has it, what is known as JSON, and a hash of both, which SQLite does not keep itself.
_TABLE = "CREATE TABLE IF NOT EXISTS images (path BLOB PRIMARY KEY, record BLOB, digest BLOB) WITHOUT ROWID"
_INSERT = "INSERT OR REPLACE INTO images VALUES (?, ?, ?)"
_SELECT = "SELECT path, record, digest FROM images WHERE path IN "
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})

Known = tuple[FileState, MeasuredImage]


class KnownImages:
    """Images to measure, with what is known of them from before.

    Args:
        images: Those that may be asked for; of others nothing is known.
    """

    def __init__(self, images: Sequence[Path]) -> None:
        self._known = _recall(images)
        self._new: dict[Path, Known] = {}
        for path, (state, measured) in self._known.items():
            remember(path, state, measured.sha256)

    def measure(self, path: Path) -> MeasuredImage:
        """Return what is known of an image, measuring it if need be; may be called from several threads.

        Raises:
            CorruptImageError: it cannot be used, see `measure_image`.
            FileNotFoundError: there is no such file.
        """
        try:
            state = state_of(path)
        except OSError:
            return measure_image(path)  # which says what is wrong
        known = self._known.get(path)
        if known is not None and known[0] == state:
            return known[1]
        settled = is_settled(state)
        measured = measure_image(path)
        if settled and state_of(path) == state:
            remember(path, state, measured.sha256)
            self._new[path] = state, measured
        return measured

    def keep(self) -> None:
        """Write what was measured since the last time into the cache, if that can be written."""
        new, self._new = self._new, {}
        self._known |= new
        rows = [(key := _key(path), record := _written(known), _digest(key, record)) for path, known in new.items()]
        if not rows:
            return
        place = _place()
        with suppress(OSError, sqlite3.Error):
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_file() and place.stat().st_size > MOST_BYTES:
                _remove(place)
            try:
                _insert(place, rows)
            except sqlite3.Error as error:
                if not _is_damage(error):
                    raise
                _remove(place)
                _insert(place, rows)


def hashes_of(images: Sequence[Path]) -> dict[Path, str]:
    """Return the SHA-256 of each image's content, read only where it is not known from before.

    Raises:
        OSError: one cannot be read.
    """
    KnownImages(images)  # what the cache knows is known to `hash_of` then
    with ThreadPoolExecutor(4) as threads:
        return dict(zip(images, threads.map(hash_of, images), strict=True))


def _recall(images: Sequence[Path]) -> dict[Path, Known]:
    """Return what the cache knows of images; a damaged cache is thrown away."""
    place, found = _place(), dict[Path, Known]()
    paths = {_key(path): path for path in images}
    keys = list(paths)
    if not keys or not place.is_file():
        return found
    try:
        with closing(sqlite3.connect(f"{place.as_uri()}?mode=rw", uri=True, timeout=PATIENCE)) as store:
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                for key, record, digest in store.execute(f"{_SELECT} ({', '.join('?' * len(some))})", some):
                    known = _read(record) if digest == _digest(key, record) else None
                    if known is not None:
                        found[paths[key]] = known
    except sqlite3.Error as error:
        if _is_damage(error):
            with suppress(OSError):
                _remove(place)
    return found


def _insert(place: Path, rows: Sequence[tuple[bytes, bytes, bytes]]) -> None:
    with closing(sqlite3.connect(place, timeout=PATIENCE)) as store, store:
        store.execute(_TABLE)
        store.executemany(_INSERT, rows)


def _is_damage(error: sqlite3.Error) -> bool:
    """Tell whether a file is no database, or not ours; else it is locked, full or may not be written."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


def _remove(place: Path) -> None:
    for path in (place, place.with_name(f"{place.name}-journal")):
        path.unlink(missing_ok=True)


def _place() -> Path:
    return cache_folder() / "measured" / "images.sqlite"


def _key(path: Path) -> bytes:
    return os.fsencode(path.absolute())


def _digest(key: object, record: object) -> bytes:
    return hashlib.sha256(repr((key, record)).encode()).digest()


def _written(known: Known) -> bytes:
    state, measured = known
    return json.dumps({"by": MEASURED_BY, "state": state, "measured": asdict(measured)}).encode()


def _read(record: bytes) -> Known | None:
    """Return what a record says, None where something else measured it."""
    said = json.loads(record)
    if said["by"] != MEASURED_BY:
        return None
    measured = said["measured"]
    return FileState(*said["state"]), MeasuredImage(**{**measured, "size": tuple(measured["size"])})
