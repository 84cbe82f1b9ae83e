"""The parts of the cache that are made again when they are needed.

What was downloaded or trained is kept: its source may be gone, and training an original anew gives another original.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from forgetbench.cache_use import emptying_cache
from forgetbench.files import cache_folder
from forgetbench.housekeeping.contents import entries_in, folders_in
from forgetbench.housekeeping.freed import Cleaning

#: Folders of the cache whose whole content is made again: what is in them, and how.
PARTS = {
    "images": ("decoded images", "decoded again by a run with `cache: disk`"),
    "measured": ("sizes and hashes of images", "measured again when data are read"),
    "shapes": ("drawn images", "drawn again by a run that uses them"),
}


def clean_cache(cleaning: Cleaning) -> None:
    """Free the cache, unless somebody uses it."""
    place = cache_folder()
    if not place.is_dir():
        return
    with emptying_cache() as alone:
        if not alone:
            cleaning.left.append(f"{place}: a command is using the cache")
            return
        for part, (kind, again) in PARTS.items():
            cleaning.free(kind, place / part, list(entries_in(place / part)), again)
        scratch = [entry for entry in entries_in(place / "originals") if is_half_written(entry.name)]
        cleaning.free("half-written files", place / "originals", scratch, "written again by the same command")
        _clean_downloads(cleaning, place)


def is_half_written(name: str) -> bool:
    """Tell whether a file is what a kill left of one that was being written."""
    last = name.rpartition("/")[2]
    return last.startswith(".") and last.endswith(".part")


def _clean_downloads(cleaning: Cleaning, place: Path) -> None:
    """Free what interrupted downloads left, unless one is going on."""
    with ExitStack() as held:
        for lock in sorted((place / "downloads").glob("*.lock")):
            try:
                held.enter_context(FileLock(lock, timeout=0))
            except (Timeout, OSError):
                cleaning.left.append(f"{place / 'downloads'}: something is being downloaded")
                return
        downloads = place / "downloads"
        parts = [entry for entry in entries_in(downloads) if not entry.name.endswith(".lock")]
        cleaning.free("interrupted downloads", downloads, parts, "downloaded from the start")
        for folder in (place / "data", place / "weights"):
            hidden = [below for below in folders_in(folder) if below.name.startswith(".")]  # until all is there
            for below in hidden:
                cleaning.free("interrupted downloads", below, list(entries_in(below)), "downloaded from the start")
                if cleaning.done:
                    with suppress(OSError):
                        below.rmdir()
