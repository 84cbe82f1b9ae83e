"""The data.yaml of the YOLO layout: where the parts are and what the classes are called, as Ultralytics reads it.

Exported files often name paths that are wrong for their own layout; those are mended where that is plain, and reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from forgetbench.data.clean import WRONG_PATHS
from forgetbench.data.dataset import OddityReport
from forgetbench.data.paths import is_file, is_folder, plain_path
from forgetbench.errors import DataError, brief


def find_yaml(folder: Path) -> Path | None:
    """Return a folder's data.yaml, or else its only YAML file, if there is one."""
    candidates = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    named = [candidate for candidate in candidates if candidate.stem == "data"]
    return named[0] if named else candidates[0] if len(candidates) == 1 else None


def load_yaml(path: Path) -> dict[str, Any]:
    """Read a data.yaml, as data only.

    Raises:
        DataError: it is not YAML, or not a mapping.
    """
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    # PyYAML's constructors raise what their parsers raise: ValueError for an impossible date, KeyError and more.
    except Exception as error:
        problem = " ".join(str(error).split())
        raise DataError(
            "cannot be read as YAML",
            where=path,
            expected="UTF-8 text with train, val and names",
            found=problem,
            fix="Correct the file.",
        ) from error
    if not isinstance(loaded, dict):
        raise DataError(
            "is not a data.yaml",
            where=path,
            expected="train, val and names",
            found=brief(loaded),
            fix="Correct the file.",
        )
    return loaded


def yaml_names(path: Path | None, description: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the class names of a data.yaml: a list, a mapping from 0 … n-1, or numbered if only `nc` is given.

    Raises:
        DataError: the names cannot be read, or are not `nc`.
    """
    names, count = description.get("names"), description.get("nc")
    if isinstance(names, dict):
        if set(names) != set(range(len(names))):
            raise DataError(
                "class numbers have gaps",
                where=path,
                expected=f"0 to {len(names) - 1}",
                found=brief(list(names)),
                fix="Number the names from 0 without gaps.",
            )
        names = [names[index] for index in range(len(names))]
    if names is None:
        return tuple(f"class {index}" for index in range(count)) if isinstance(count, int) and count > 0 else None
    if not isinstance(names, list) or not all(isinstance(name, str | int | float) for name in names):
        raise DataError(
            "names cannot be read",
            where=path,
            expected="a list of names",
            found=brief(names),
            fix="Correct 'names' in the file.",
        )
    if isinstance(count, int) and count != len(names):
        raise DataError(
            "nc does not fit names",
            where=path,
            expected=f"nc: {len(names)}",
            found=f"nc: {count}",
            fix="Correct 'nc' or 'names' in the file.",
        )
    return tuple(str(name) for name in names)


def described_places(
    root: Path, described: Path, description: dict[str, Any], keys: Sequence[str], report: OddityReport
) -> dict[str, tuple[Path, ...]]:
    """Return the folders and lists a data.yaml names, mended where they are wrong for the dataset's own layout."""
    base = root / str(description["path"]) if description.get("path") else root
    places: dict[str, tuple[Path, ...]] = {}
    for key in keys:
        value = description.get(key)
        found = []
        for given in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
            place = base / str(given)
            if not is_file(place) and not is_folder(place):
                mended = find_tail(str(given), root)
                now = f"'{mended.relative_to(root).as_posix()}' used instead" if mended else "nothing like it found"
                report.add(WRONG_PATHS, described.name, f"{key}: '{given}' does not exist; {now}")
                if mended is None:
                    continue
                place = mended
            found.append(plain_path(place))
        if found:
            places[key] = tuple(found)
    return places


def find_tail(given: str, folder: Path) -> Path | None:
    """Look inside a folder for the longest end of a path that exists there.

    One last name alone is taken for a path of one name or for a file: a folder `images` could be any part's.
    """
    names = [part for part in Path(given.replace("\\", "/")).parts if part not in ("..", ".", "/")]
    for start in range(len(names)):
        place = folder.joinpath(*names[start:])
        if is_file(place) or (is_folder(place) and (start == 0 or len(names) - start > 1)):
            return place
    return None
