"""One instances JSON of COCO's form, checked and indexed by image."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forgetbench.data.clean import DUPLICATE_IMAGE, UNREADABLE_LABEL
from forgetbench.data.dataset import OddityReport
from forgetbench.errors import DataError, brief


@dataclass(frozen=True)
class Instances:
    """One JSON file, indexed.

    Attributes:
        categories: Names by category id.
        images: Image records by file name.
        boxes: Annotations by file name.
    """

    categories: dict[int, str]
    images: dict[str, dict[str, Any]]
    boxes: dict[str, list[dict[str, Any]]]


def read_instances(path: Path, file: str, report: OddityReport) -> Instances:
    """Group a file's annotations by image; records that cannot be used are left out and reported.

    Args:
        path: The JSON file.
        file: What the report calls it.
        report: Told of everything odd.

    Raises:
        DataError: it is no instances file, or its categories cannot be used.
    """
    document = _load(path)
    images: dict[str, dict[str, Any]] = {}
    names: dict[int | str, str] = {}
    for position, image in enumerate(document["images"]):
        name = image.get("file_name") if isinstance(image, dict) else None
        key = _plain_id(image.get("id")) if isinstance(image, dict) else None
        if not isinstance(name, str) or not name or "\0" in name or key is None:
            report.add(UNREADABLE_LABEL, file, f"image {position}: no file name or no id: left out")
            continue
        first = names.setdefault(key, name)
        if first != name:
            detail = f"'{name}' has the id {brief(key)} of '{first}', which gets the annotations: left out"
            report.add(DUPLICATE_IMAGE, file, detail)
            continue
        if name in images:
            report.add(DUPLICATE_IMAGE, file, f"'{name}' is listed twice: annotations of both are taken")
        images.setdefault(name, image)
    boxes: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for position, annotation in enumerate(document["annotations"]):
        owner = _plain_id(annotation.get("image_id")) if isinstance(annotation, dict) else None
        if owner is not None and owner in names:
            boxes[names[owner]].append({"id": f"at {position}", **annotation})
        else:
            report.add(UNREADABLE_LABEL, file, f"annotation at {position}: no image {brief(owner)}: dropped")
    return Instances(_categories(path, document), images, dict(boxes))


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8-sig"))
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


def _categories(path: Path, document: dict[str, Any]) -> dict[int, str]:
    """Return the names of a file's categories by id."""
    found: dict[int, str] = {}
    for category in document["categories"]:
        entry = category if isinstance(category, dict) else {}
        key, name = entry.get("id"), entry.get("name")
        if not isinstance(key, int) or not isinstance(name, str) or key in found:
            raise DataError(
                "a category cannot be used",
                where=path,
                expected="a whole number 'id' of its own and a 'name'",
                found=brief(category),
                fix="Correct the file's categories.",
            )
        found[key] = name
    if not found:
        raise DataError(
            "no categories", where=path, expected="one or more", found="an empty list", fix="Export the file again."
        )
    return found


def _plain_id(value: Any) -> int | str | None:
    return value if isinstance(value, int | str) else None
