"""The classes of a COCO dataset: the union of its files' categories, matched by name, the training file's first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forgetbench.data.clean import CLASS_LEFT_OUT, CLASS_LISTS_DIFFER, NEAR_NAMES
from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.coco.instances import Id
from forgetbench.data.reading.class_list import class_names, report_repeated
from forgetbench.data.reading.nearest import NearIds, plain_id
from forgetbench.errors import DataError, brief, counted


@dataclass(frozen=True)
class Categories:
    """One file's categories.

    Attributes:
        file: What the report calls the file.
        names: Class names by category id, in the order of the ids; several ids may have one name.
        parent: Id of the category that all others name as their supercategory, if there is one.
    """

    file: str
    names: dict[Id, str]
    parent: Id | None = None

    @property
    def in_order(self) -> tuple[str, ...]:
        """Class names, each once."""
        return tuple(dict.fromkeys(self.names.values()))


def read_categories(listed: Iterable[Any], path: Path, file: str, report: OddityReport) -> Categories:
    """Check a file's categories.

    Args:
        listed: The list as it stands in the file.
        path: The file.
        file: What the report calls it.
        report: Told of what is there twice.

    Raises:
        DataError: there are none; one has no id or no name; or one id has two names.
    """
    found: dict[Id, dict[str, Any]] = {}
    for category in listed:
        entry = category if isinstance(category, dict) else {}
        key = plain_id(entry.get("id"))
        if key is None or "name" not in entry:
            raise _unusable(category, path, "an 'id' and a 'name'")
        if key in found and found[key]["name"] != entry["name"]:
            expected = f"an 'id' of its own; '{found[key]['name']}' has this one too"
            raise _unusable(category, path, expected)
        found.setdefault(key, entry)
    if not found:
        raise DataError(
            "no categories", where=path, expected="one or more", found="an empty list", fix="Export the file again."
        )
    keys = sorted(found, key=lambda key: (isinstance(key, str), key))
    names = class_names([found[key]["name"] for key in keys], path, "Correct the file's categories.")
    report_repeated(names, file, report, "become one")
    return Categories(file, dict(zip(keys, names, strict=True)), _parent(found))


def union_of(files: Iterable[Categories], report: OddityReport, left_out: str | None = None) -> tuple[str, ...]:
    """Return the class names of several files, the first file's first; lists that differ are reported once.

    Args:
        files: The files' categories, that of the training file first.
        report: Told where they differ.
        left_out: The name of a category that is no class.
    """
    files = list(files)
    names = tuple(dict.fromkeys(name for categories in files for name in categories.in_order if name != left_out))
    differing = [categories for categories in files if categories.in_order != files[0].in_order]
    if differing:
        first, other = files[0], differing[0]
        others = len(differing) - 1
        more = f", and {counted(others, 'more file differs', 'more files differ')}" if others else ""
        detail = (
            f"its categories {_shown(other)} are not those of {first.file}, {_shown(first)}{more}: "
            f"matched by name, which makes {len(names)} classes"
        )
        report.add(CLASS_LISTS_DIFFER, other.file, detail)
    if left_out is not None:
        first = next(categories for categories in files if left_out in categories.in_order)
        detail = f"'{left_out}' is the others' supercategory, and no annotation is of it: it is no class"
        report.add(CLASS_LEFT_OUT, first.file, detail)
    return names


def common_parent(files: Iterable[Categories]) -> str | None:
    """Return the name of the category that in each file that has it is the parent of all others, if there is one."""
    files = list(files)
    for categories in files:
        if categories.parent is None:
            continue
        name = categories.names[categories.parent]
        if all(c.parent is not None and c.names[c.parent] == name for c in files if name in c.in_order):
            return name
    return None


def near_categories(
    annotations: Iterable[Mapping[str, Any]], categories: Categories, report: OddityReport
) -> dict[Id, Id]:
    """Return the category that an id stands for, for ids that are none's: written with zeros before it, or a name."""
    near, by_name = NearIds(categories.names), {name: key for key, name in reversed(categories.names.items())}
    found: dict[Id, Id] = {}
    count = 0
    for annotation in annotations:
        given = plain_id(annotation.get("category_id"))
        if given is None or given in categories.names:
            continue
        if given not in found:
            key = near.find(given)
            key = key if key is not None else by_name.get(str(given))
            if key is None:
                continue
            found[given] = key
        count += 1
    if found:
        given, key = next(iter(found.items()))
        few = counted(count, "annotation names its category", "annotations name their categories")
        detail = f"{few} only nearly, and no other fits: first {brief(given)} for {brief(key)}"
        report.add(NEAR_NAMES, categories.file, f"{detail}, '{categories.names[key]}'")
    return found


def _parent(found: Mapping[Id, Mapping[str, Any]]) -> Id | None:
    for key, entry in found.items():
        name = entry["name"]
        others = [other for known, other in found.items() if known != key]
        if others and entry.get("supercategory") != name and all(o.get("supercategory") == name for o in others):
            return key
    return None


def _shown(categories: Categories) -> str:
    return brief(list(categories.in_order))


def _unusable(category: object, path: Path, expected: str) -> DataError:
    return DataError(
        "a category cannot be used",
        where=path,
        expected=expected,
        found=brief(category),
        fix="Correct the file's categories.",
    )
