"""Finding data and weights by the names suites use."""

from __future__ import annotations

import os
from pathlib import Path

from forgetbench.data.reading.paths import plain_path
from forgetbench.errors import DataError
from forgetbench.files import cache_folder, expanded

PUT_THERE = "Put it in one of these places, then run the same command again."


def find_data(path: str, suite_folder: Path | None, fix: str = PUT_THERE) -> Path:
    """Return where a dataset is; links are not resolved.

    A relative path is looked for beside the suite, in the current folder, under FORGETBENCH_DATA, under
    FORGETBENCH_ASSETS and among what forgetbench has downloaded, in that order.

    Args:
        path: What the suite says.
        suite_folder: The suite file's folder, if it has one.
        fix: What the error says on getting the data.

    Raises:
        DataError: it is nowhere; the message says where it was looked for and what to do.
    """
    found = look_for(path, suite_folder)
    if found is None:
        looked = ", ".join(str(place) for place in _data_places(path, suite_folder))
        raise DataError("data not found", where=path, found=f"nothing at {looked}", fix=fix)
    return found


def look_for(path: str, suite_folder: Path | None) -> Path | None:
    """Return where a dataset is, or None; see `find_data`."""
    return next((place for place in _data_places(path, suite_folder) if place.exists()), None)


def find_weights(name: str, suite_folder: Path | None) -> Path | None:
    """Return where a weights file is, or None: looked for as data are, and in `weights/` of the same folders.

    Where there is no such file, but a folder, a pipe or a link to nothing, this is what is returned.
    """
    folders = _folders(suite_folder)
    inside = [folder / "weights" for folder in (*_folders(suite_folder), cache_folder())]
    places = _places(name, [*folders, *inside]) if name else []
    others = (place for place in places if place.exists() or place.is_symlink())
    return next((place for place in places if place.is_file()), next(others, None))


def _data_places(path: str, suite_folder: Path | None) -> list[Path]:
    return _places(path, [*_folders(suite_folder), cache_folder() / "data"])


def _folders(suite_folder: Path | None) -> list[Path]:
    named = [os.environ.get(variable) for variable in ("FORGETBENCH_DATA", "FORGETBENCH_ASSETS")]
    folders = [Path.cwd(), *(expanded(folder) for folder in named if folder)]
    return folders if suite_folder is None else [suite_folder, *folders]


def _places(path: str, folders: list[Path]) -> list[Path]:
    """Return where to look, each place once; an absolute path is its own only place."""
    given = expanded(path)
    return list(dict.fromkeys(plain_path(folder / given) for folder in folders))
