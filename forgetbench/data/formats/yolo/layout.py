"""How a folder of YOLO data is recognised, described in a suite and opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forgetbench.data.formats.registry import Names, Reader
from forgetbench.data.formats.yolo.darknet import is_layout, named_classes
from forgetbench.data.formats.yolo.data_yaml import find_yaml, load_yaml, yaml_names
from forgetbench.data.formats.yolo.places import USUAL_SPLITS, folder_called
from forgetbench.data.formats.yolo.reader import YoloSource, read_yolo
from forgetbench.data.reading.paths import matching
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data

#: Keys that make a YAML file a data.yaml.
_DESCRIBING = ("names", "nc", *USUAL_SPLITS)


def is_yolo(path: Path) -> bool:
    """Tell whether a folder looks like a dataset in the YOLO layout, or a file like its data.yaml.

    Raises:
        DataError: its data.yaml cannot be read.
    """
    if path.is_file():
        return path.suffix.lower() in (".yaml", ".yml")
    described, description = _description(path)
    if described is not None and not description.keys().isdisjoint(USUAL_SPLITS):
        return True
    # A folder of another name that holds images/ and labels/ is no split: it is the dataset, and wrapped.
    places = [path, *matching(path, *USUAL_SPLITS)]
    parallel = any(folder_called("images", place) and folder_called("labels", place) for place in places)
    return parallel or is_layout(path, places)


def describe(root: Path, given: Path, names: Sequence[str] | None) -> dict[str, Any]:
    """Return where the data are, and their class names where their data.yaml does not say them.

    Names may also lie in a folder that wraps the data, up to the one that was given.

    Raises:
        DataError: nothing names the classes.
    """
    described, description = _description(root)
    if described is not None and described.stem.casefold() != "data" and not description.keys().isdisjoint(_DESCRIBING):
        root = described  # found by itself only as long as it is the folder's only YAML file
    if not names and not yaml_names(described, description):
        names = _names_beside(root, given)
    return {"path": str(root), "names": list(names) if names else None}


def _names_beside(root: Path, given: Path) -> tuple[str, ...]:
    folder = root.parent if root.is_file() else root
    wrapping = [place for place in folder.parents if place.is_relative_to(given)]
    found = named_classes(folder, USUAL_SPLITS)
    for place in wrapping if not found else ():
        found = found or yaml_names(*_description(place)) or named_classes(place, USUAL_SPLITS)
    if not found:
        raise DataError(
            "the class names are unknown",
            where=root,
            expected="'names' in a data.yaml, a classes.txt or an obj.names",
            fix="Give them with --names, e.g. --names cat,dog, or the data.yaml with --data.",
        )
    return found


def _description(root: Path) -> tuple[Path | None, dict[str, Any]]:
    """Return a folder's data.yaml and what it says; a broken YAML file of another name is not taken for one."""
    described = root if root.is_file() else find_yaml(root)
    if described is None:
        return None, {}
    try:
        return described, load_yaml(described)
    except DataError:
        if root.is_file() or described.stem.casefold() == "data":
            raise
        return None, {}


def _open(root: Path, section: Data, names: Names, known_names: Names) -> YoloSource:
    return read_yolo(
        root,
        names,
        fallback_names=known_names,
        wanted=(*section.splits("train"), *section.splits("evaluate")),
        class_by_name=section.class_by_name,
        classes_from=section.classes_from,
    )


READER = Reader(
    "a data.yaml, images/ and labels/, <part>/images and <part>/labels, obj_<part>_data/ or obj.data, or label files "
    "beside images",
    is_yolo,
    _open,
    describe,
    opens_files=True,
)
