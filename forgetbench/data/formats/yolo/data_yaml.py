"""The data.yaml of the YOLO layout: where the splits are and what the classes are called, as Ultralytics reads it.

Exported files often name paths that are wrong for their own layout; those are mended where that is plain, and reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forgetbench.data.clean import WRONG_PATHS
from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.yolo.yaml_text import parse_text
from forgetbench.data.reading.class_list import class_names
from forgetbench.data.reading.inside import find_tail, is_inside, lies_around
from forgetbench.data.reading.paths import decoded_text, is_file, is_folder, matching, plain_path
from forgetbench.errors import DataError, brief
from forgetbench.files import regular_bytes
from forgetbench.suite.bounds import MOST_CLASSES

#: Bytes of the largest data.yaml: 100,000 names take a quarter of it.
_MOST_BYTES = 8 << 20
#: What stands for nothing as the value of a key.
_NULLS = ("", "~", "null", "Null", "NULL")
_MOST_KEYPOINTS = 10_000


def find_yaml(folder: Path) -> Path | None:
    """Return a folder's data.yaml, or else its only YAML file, or the only one of several that names classes."""
    candidates = matching(folder, "*.yaml", "*.yml")
    named = [candidate for candidate in candidates if candidate.stem.casefold() == "data"]
    if not named and len(candidates) > 1:
        candidates = [candidate for candidate in candidates if _names_classes(candidate)]
    return named[0] if named else candidates[0] if len(candidates) == 1 else None


def _names_classes(path: Path) -> bool:
    try:
        return "names" in load_yaml(path)
    except DataError:  # another program's
        return False


def load_yaml(path: Path) -> dict[str, Any]:
    """Read a data.yaml, as data only: all scalars are text, and keys without a value are left out.

    Raises:
        DataError: it is not YAML, or not a mapping.
    """
    try:
        loaded = parse_text(decoded_text(regular_bytes(path, _MOST_BYTES)))
    except (OSError, ValueError) as error:
        raise DataError(
            "cannot be read as YAML",
            where=path,
            expected="UTF-8 text with train, val and names",
            found=" ".join(str(error).split()),
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
    return {key: value for key, value in loaded.items() if value and value not in _NULLS}


def yaml_names(path: Path | None, description: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the class names of a data.yaml: a list, a mapping from 0 … n-1, or numbered if only `nc` is given.

    Raises:
        DataError: the names cannot be read, or are not `nc`.
    """
    count = _whole(path, "nc", description["nc"], MOST_CLASSES) if "nc" in description else None
    if "names" not in description:
        return None if count is None else tuple(f"class {index}" for index in range(count))
    names = class_names(description["names"], path, "Correct 'names' in the file.")
    if count not in (None, len(names)):
        raise DataError(
            "nc does not fit names",
            where=path,
            expected=f"nc: {len(names)}",
            found=f"nc: {count}",
            fix="Correct 'nc' or 'names' in the file.",
        )
    return names


def keypoint_shape(path: Path | None, description: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the number of keypoints that follow each box, and the numbers of each; None where there are none.

    Raises:
        DataError: `kpt_shape` is no such pair.
    """
    given = description.get("kpt_shape")
    if given is None:
        return None
    pair = given if isinstance(given, list) and len(given) == 2 else ["", ""]
    count, numbers = (_number(value) for value in pair)
    if count is None or numbers not in (2, 3) or not 0 < count <= _MOST_KEYPOINTS:
        raise DataError(
            "kpt_shape cannot be read",
            where=path,
            expected="[keypoints, 2 or 3 numbers each], like [17, 3]",
            found=brief(given),
            fix="Correct 'kpt_shape' in the file, or remove it where labels have no keypoints.",
        )
    return count, numbers


def described_places(
    root: Path, described: Path, description: Mapping[str, Any], keys: Sequence[str], report: OddityReport
) -> dict[str, tuple[Path, ...]]:
    """Return the folders and lists a data.yaml names, mended where they are wrong for the dataset's own layout.

    What leads out of the dataset is taken only where nothing inside it fits.

    Raises:
        DataError: a path is not text.
    """
    above = _paths(described, "path", description.get("path"))[:1]
    base = root.joinpath(*above)
    places: dict[str, tuple[Path, ...]] = {}
    outside: list[str] = []
    for key in keys:
        found = []
        for given in _paths(described, key, description.get(key)):
            place = plain_path(base / given)
            there = is_file(place) or is_folder(place)
            if there and is_inside(place, root):
                found.append(place)
                continue
            mended = find_tail(given, root) or find_tail(given, root, nearly=True)
            if mended is not None:
                found.append(mended)
                now = f"'{mended.relative_to(root).as_posix()}' used instead"
            elif there and not lies_around(place, root):
                found.append(place)
                outside.append(f"{key}: '{given}'")
                continue
            else:
                now = "nothing like it found"
            problem = "leads out of the dataset" if there else "does not exist"
            under = f" under '{above[0]}'" if above else ""
            report.add(WRONG_PATHS, described.name, f"{key}: '{given}'{under} {problem}; {now}")
        if found:
            places[key] = tuple(found)
    if outside:
        detail = f"{outside[0]} leads out of the dataset: taken, since nothing inside it fits"
        more = f" (and {len(outside) - 1} more)" if len(outside) > 1 else ""
        report.add(WRONG_PATHS, described.name, f"{detail}{more}")
    return places


def _paths(described: Path, key: str, value: Any) -> list[str]:
    given = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(path, str) for path in given):
        raise DataError(
            f"'{key}' cannot be read",
            where=described,
            expected="a path, or a list of paths",
            found=brief(value),
            fix=f"Correct '{key}' in the file.",
        )
    return [path.strip() for path in given if path.strip() and path not in _NULLS]


def _whole(path: Path | None, key: str, value: Any, most: int) -> int:
    number = _number(value)
    if number is None or not 0 < number <= most:
        raise DataError(
            f"{key} cannot be read",
            where=path,
            expected=f"a whole number from 1 to {most:,}",
            found=brief(value),
            fix=f"Correct '{key}' in the file.",
        )
    return number


def _number(text: Any) -> int | None:
    """Return a whole number, which may be written like 2 or 2.0."""
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None
