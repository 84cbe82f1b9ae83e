"""Whether what data name lies inside the dataset, and what inside it they may have meant.

Exported files often name places of another machine, or of one folder further up, where now another dataset may be.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from forgetbench.data.reading.nearest import plain_name, slashed
from forgetbench.data.reading.paths import entries, is_file, is_folder, plain_path
from forgetbench.suite.bounds import LONGEST_PATH

#: Folders of a path within each other; a longer one is no path that anybody has.
_DEEPEST = 100


def is_inside(place: Path, root: Path) -> bool:
    """Tell whether a path is a dataset's folder or in it, as it is named or with links resolved."""
    place = plain_path(place)
    if ".." not in place.parts and place.is_relative_to(root):
        return True
    return Path(os.path.realpath(place)).is_relative_to(os.path.realpath(root))


def lies_around(place: Path, root: Path) -> bool:
    """Tell whether a path is a folder that the dataset itself lies in: never a part of it."""
    real = os.path.realpath(root)
    return Path(real).is_relative_to(os.path.realpath(place)) and os.path.realpath(place) != real


def find_tail(given: str, folder: Path, *, nearly: bool = False) -> Path | None:
    """Look inside a folder for the longest end of a path that exists there.

    One last name alone is taken for a path of one name or for a file: a folder `images` could be any split's.

    Args:
        given: The path, with slashes of either kind.
        folder: Where to look.
        nearly: Whether names that differ in case or the like will do, where only one such is there.
    """
    names = slashed(given).split("/") if len(given) <= LONGEST_PATH and slashed(given) else []
    if len(names) > _DEEPEST:
        return None
    for start in range(len(names)):
        place = _descend(folder, names[start:]) if nearly else folder.joinpath(*names[start:])
        if place is not None and (is_file(place) or (is_folder(place) and (start == 0 or len(names) - start > 1))):
            return place
    return None


def _descend(folder: Path, names: Sequence[str]) -> Path | None:
    for name in names:
        fitting = [entry for entry in entries(folder) if plain_name(entry.name) == plain_name(name)]
        same = [entry for entry in fitting if entry.name == name]
        if len(same or fitting) != 1:
            return None
        folder = (same or fitting)[0]
    return folder
