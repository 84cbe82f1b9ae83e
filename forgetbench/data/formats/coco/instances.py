"""One instances JSON of COCO's form, checked and indexed by image: no image gets another's annotations.

Ids are compared as `nearest.plain_id` gives them. An annotation whose image has no such id goes to the one image whose
id or file name its `image_id` nearly is.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forgetbench.data.clean import DUPLICATE_IMAGE, NEAR_NAMES, UNREADABLE_LABEL
from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.coco.scan import MOST_JSON_BYTES
from forgetbench.data.reading.nearest import NearIds, NearNames, plain_id
from forgetbench.errors import DataError, brief, counted
from forgetbench.files import open_regular, regular_bytes

Id = int | str
#: Levels of an annotation that are compared.
_DEEPEST = 20
#: What of an annotation decides whether two are the same.
_TELLING = ("bbox", "segmentation", "area", "iscrowd")


@dataclass(frozen=True)
class Instances:
    """One JSON file, indexed.

    Attributes:
        categories: The list of categories as it stands in the file.
        images: Image records by file name.
        boxes: Annotations by file name.
    """

    categories: list[Any]
    images: dict[str, dict[str, Any]]
    boxes: dict[str, list[dict[str, Any]]]


def read_instances(path: Path, file: str, report: OddityReport) -> Instances:
    """Group a file's annotations by image; records that cannot be used are left out and reported.

    Args:
        path: The JSON file.
        file: What the report calls it.
        report: Told of everything odd.

    Raises:
        DataError: it is no instances file.
    """
    document = _load(path)
    images: dict[str, dict[str, Any]] = {}
    ids: dict[str, list[Id]] = defaultdict(list)
    names: dict[Id, list[str]] = defaultdict(list)
    for position, image in enumerate(document["images"]):
        name = image.get("file_name") if isinstance(image, dict) else None
        key = plain_id(image.get("id")) if isinstance(image, dict) else None
        if not isinstance(name, str) or not name or "\0" in name or key is None:
            report.add(UNREADABLE_LABEL, file, f"image {position}: no file name or no id: left out")
            continue
        images.setdefault(name, image)
        ids[name].append(key)
        names[key].append(name)
    found = _grouped(document["annotations"], names, file, report)
    for name in _unclear(ids, names, found, file, report):
        del images[name]
    boxes = {name: found[ids[name][0]] for name in images if ids[name][0] in found}
    return Instances(document["categories"], images, boxes)


def _grouped(
    annotations: Sequence[Any], names: Mapping[Id, list[str]], file: str, report: OddityReport
) -> dict[Id, list[dict[str, Any]]]:
    """Return annotations by the id of their image."""
    found: dict[Id, list[dict[str, Any]]] = defaultdict(list)
    homeless: list[tuple[int, Any]] = []
    for position, annotation in enumerate(annotations):
        owner = plain_id(annotation.get("image_id")) if isinstance(annotation, dict) else None
        if owner is not None and owner in names:
            found[owner].append(annotation if "id" in annotation else {"id": f"at {position}", **annotation})
        else:
            homeless.append((position, annotation))
    if not homeless:
        return dict(found)
    near = _Near(names, any_number=not found)
    nearly: list[tuple[object, str]] = []
    for position, annotation in homeless:
        given = annotation.get("image_id") if isinstance(annotation, dict) else None
        owner = near.find(plain_id(given))
        if owner is None:
            report.add(UNREADABLE_LABEL, file, f"annotation at {position}: no image {brief(given)}: dropped")
        else:
            found[owner].append({"id": f"at {position}", **annotation})
            nearly.append((given, names[owner][0]))
    if nearly:
        (given, name), count = nearly[0], len(nearly)
        few = counted(count, "annotation names its image", "annotations name their images")
        detail = f"{few} only nearly, and no other fits: first {brief(given)} for '{name}'"
        report.add(NEAR_NAMES, file, detail)
    return dict(found)


class _Near:
    """Finds the one image that an `image_id` nearly names.

    Args:
        names: File names by image id.
        any_number: Whether a number may be a file name; where others are ids, one that is none is a mistake.
    """

    def __init__(self, names: Mapping[Id, list[str]], any_number: bool) -> None:
        self._ids, self._any_number = NearIds(names), any_number
        self._id_of: dict[str, set[Id]] = defaultdict(set)
        for key, called in names.items():
            for name in called:
                self._id_of[name].add(key)
        self._names = NearNames(self._id_of)
        self._known: dict[Id, Id | None] = {}

    def find(self, value: Id | None) -> Id | None:
        """Return the id of the one image, or None where none fits or more than one."""
        if value is None:
            return None
        if value not in self._known:
            self._known[value] = self._ids.find(value)
            if self._known[value] is None and (isinstance(value, str) or self._any_number):
                owners = self._id_of.get(self._names.find(str(value)) or "", set())
                self._known[value] = next(iter(owners)) if len(owners) == 1 else None
        return self._known[value]


def _unclear(
    ids: Mapping[str, list[Id]],
    names: Mapping[Id, list[str]],
    found: Mapping[Id, list[dict[str, Any]]],
    file: str,
    report: OddityReport,
) -> list[str]:
    """Return and report the file names of which nobody can say whose annotations they have."""
    unclear: dict[str, None] = {}
    for key, called in names.items():
        several = list(dict.fromkeys(called))
        if len(several) > 1:
            shown = " and ".join(f"'{name}'" for name in several[:2]) + (" and others" if len(several) > 2 else "")
            detail = f"{shown} have one id {brief(key)}, and whose its annotations are cannot be told: left out"
            report.add(DUPLICATE_IMAGE, file, detail)
            unclear.update(dict.fromkeys(several))
    for name, keys in ids.items():
        if len(keys) == 1 or name in unclear:
            continue
        first, *others = (found.get(key, []) for key in dict.fromkeys(keys))
        if all(_equal(first, other) for other in others):
            report.add(DUPLICATE_IMAGE, file, f"'{name}' is listed {_times(len(keys))}: kept once")
        else:
            shown = ", ".join(map(brief, dict.fromkeys(keys)))
            detail = f"'{name}' has the ids {shown} with different annotations, and which are its own cannot be told"
            report.add(DUPLICATE_IMAGE, file, f"{detail}: left out")
            unclear[name] = None
    return list(unclear)


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def _equal(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether annotations are the same in any order; their own ids do not count."""
    return len(one) == len(other) and Counter(map(_told, one)) == Counter(map(_told, other))


def _told(annotation: Mapping[str, Any]) -> tuple[Any, ...]:
    return plain_id(annotation.get("category_id")), *(_hashable(annotation.get(key)) for key in _TELLING)


def _hashable(value: Any, depth: int = 0) -> Any:
    """Return a value that can be counted: equal for what JSON has equal, such as 1 and 1.0."""
    if not isinstance(value, list | dict):
        return value
    if depth > _DEEPEST:
        return ...
    if isinstance(value, list):
        return tuple(_hashable(below, depth + 1) for below in value)
    return frozenset((key, _hashable(below, depth + 1)) for key, below in value.items())


def _parsed(path: Path) -> Any:
    with open_regular(path) as file:  # of zeros without end no more is read
        if not file.read(4096).removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"{", b"[")):
            raise ValueError("it does not begin like JSON")
    return json.loads(regular_bytes(path, MOST_JSON_BYTES).decode("utf-8-sig"))


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = _parsed(path)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            "cannot be read as JSON",
            where=path,
            expected="a whole instances file",
            found=error,
            fix="Fetch or export it again.",
        ) from error
    document: dict[str, Any] = loaded if isinstance(loaded, dict) else {}
    wanted = ("images", "annotations", "categories")
    held = [key for key in wanted if isinstance(document.get(key), list)]
    if len(held) < len(wanted):
        raise DataError(
            "is not a COCO instances file",
            where=path,
            expected=f"lists {', '.join(wanted)}",
            found=", ".join(held) or "none of them",
            fix="Name the instances file with 'annotations', or export it again.",
        )
    return document
