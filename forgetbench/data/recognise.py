"""Telling from a folder's layout which format its data are in, and how a suite says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from forgetbench.data.choose import EVALUATE_PARTS, TRAIN_PARTS, usual_part
from forgetbench.data.formats.coco.files import other_files, usual_files
from forgetbench.data.formats.converted import without_converted
from forgetbench.data.formats.foreign import refuse_foreign
from forgetbench.data.formats.labelme import is_labelme
from forgetbench.data.formats.voc import is_voc
from forgetbench.data.formats.yolo.darknet import is_layout, named_classes
from forgetbench.data.formats.yolo.data_yaml import find_yaml, load_yaml, yaml_names
from forgetbench.data.formats.yolo.places import USUAL_PARTS, folder_called
from forgetbench.data.load import open_source, unreadable
from forgetbench.data.reading.class_list import is_name, is_text
from forgetbench.data.reading.paths import matching, plain_path
from forgetbench.data.reading.source import Source, known_parts
from forgetbench.errors import DataError, brief
from forgetbench.suite.data_section import Data, Split

Format = Literal["yolo", "coco", "voc", "labelme"]

#: What each format is recognised by, as errors say it.
SIGNS: dict[Format, str] = {
    "voc": "Annotations/*.xml and JPEGImages/, here or in VOC<year>/, or an XML file beside each image",
    "coco": "annotations/instances_<part>.json, <part>/_annotations.coco.json or one instances JSON",
    "labelme": "a JSON file with 'shapes' beside each image",
    "yolo": "a data.yaml, images/ and labels/, <part>/images and <part>/labels, obj_<part>_data/ or obj.data, or label "
    "files beside images",
}
#: Folders deep that an unpacked archive may have wrapped the data in, the data's own among them.
_DEEPEST = 3
#: Keys that make a YAML file a data.yaml.
_DESCRIBING = ("names", "nc", *USUAL_PARTS)
#: What is trained on and evaluated on together, the best pair first.
_PAIRS = ((TRAIN_PARTS, EVALUATE_PARTS), (("trainval",), ("test",)))


@dataclass(frozen=True)
class Recognised:
    """Data whose format is known.

    Attributes:
        spec: The data section that a suite needs; its path is absolute.
        source: The data, open, nothing but their class names read yet.
    """

    spec: Data
    source: Source


def recognise(
    path: Path,
    wanted: Format | None = None,
    names: Sequence[str] | None = None,
    classes_from: Literal[0, 1] | None = None,
) -> Recognised:
    """Find out how a folder's data are to be read.

    Where they are a single part, or have no parts, the section asks for a seeded split of all images.

    Args:
        path: The dataset's folder, one that wraps it, or its data.yaml.
        wanted: The format, if it is known.
        names: Class names, for data that name none.
        classes_from: Number of the first class in YOLO label files, if it is known.

    Raises:
        DataError: no format, or more than one, fits what is there; the data cannot be opened; the classes have no
            names; or of several parts none is usually trained or evaluated on.
    """
    try:
        root, kind = _find(plain_path(path), wanted)
        root, names = _named(root, names, plain_path(path)) if kind == "yolo" else (root, names)
        _require_names(root, names or ())
        annotations = _single_json(root) if kind == "coco" else None
        if classes_from is not None and kind != "yolo":
            raise DataError(f"{kind} data count no classes", where=root, fix="Leave out --classes-from.")
        spec = Data(
            format=kind,
            path=str(root),
            names=list(names) if names else None,
            annotations=annotations,
            classes_from=classes_from,
        )
        source = open_source(spec, root)
    except OSError as error:
        raise unreadable(error, path) from error
    _require_names(root, source.classes)
    return Recognised(spec.model_copy(update=_parts(source)), source)


def _find(path: Path, wanted: Format | None) -> tuple[Path, Format]:
    """Return the folder (or data.yaml) and format, looking into folders that only wrap another."""
    here = path
    for _ in range(_DEEPEST):
        if not is_text(str(here)):
            raise DataError("a folder's name is not UTF-8 text", where=brief(str(here)), fix="Rename the folder.")
        if not here.exists():
            raise DataError("no such folder", where=here, fix="Give the folder of your data with --data.")
        there: list[Format] = [kind for kind, fits in _FITS.items() if wanted in (None, kind) and fits(here)]
        fitting = [kind for kind in there if kind in without_converted(here, there)]
        if len(fitting) == 1:
            return here, fitting[0]
        if fitting:
            raise DataError(
                "looks like more than one format",
                where=here,
                found=" and ".join(f"{kind} ({SIGNS[kind]})" for kind in fitting),
                fix="Say which with --format.",
            )
        if here.is_file():
            break
        inside = [entry for entry in here.iterdir() if entry.is_dir() and not entry.name.startswith((".", "__"))]
        if len(inside) != 1:
            break
        here = inside[0]
    refuse_foreign(path)
    formats = [wanted] if wanted else list(SIGNS)
    raise DataError(
        "no known layout of data",
        where=path,
        expected="; or ".join(f"{kind}: {SIGNS[kind]}" for kind in formats),
        found=_content(path),
        fix="Give the folder that holds these with --data; an archive has to be unpacked first.",
    )


def _is_coco(path: Path) -> bool:
    return path.is_dir() and bool(usual_files(path) or other_files(path))


def _is_yolo(path: Path) -> bool:
    if path.is_file():
        return path.suffix.lower() in (".yaml", ".yml")
    described, description = _description(path)
    if described is not None and not description.keys().isdisjoint(USUAL_PARTS):
        return True
    # A folder of another name that holds images/ and labels/ is no part: it is the dataset, and wrapped.
    places = [path, *matching(path, *USUAL_PARTS)]
    parallel = any(folder_called("images", place) and folder_called("labels", place) for place in places)
    return parallel or is_layout(path, places)


_FITS: dict[Format, Callable[[Path], bool]] = {
    "voc": is_voc,
    "coco": _is_coco,
    "yolo": _is_yolo,
    "labelme": is_labelme,
}


def _single_json(root: Path) -> str | None:
    """Return the name of a COCO dataset's only file where its name tells no part."""
    fitting = [] if usual_files(root) else other_files(root)
    return fitting[0].relative_to(root).as_posix() if len(fitting) == 1 else None


def _description(root: Path) -> tuple[Path | None, dict[str, Any]]:
    """Return a YOLO folder's data.yaml and what it says; a broken YAML file of another name is not taken for one."""
    described = root if root.is_file() else find_yaml(root)
    if described is None:
        return None, {}
    try:
        return described, load_yaml(described)
    except DataError:
        if root.is_file() or described.stem.casefold() == "data":
            raise
        return None, {}


def _named(root: Path, names: Sequence[str] | None, given: Path) -> tuple[Path, Sequence[str] | None]:
    """Return where YOLO data are, and their class names where their data.yaml does not say them.

    Names may also lie in a folder that wraps the data, up to the one that was given.
    """
    described, description = _description(root)
    if described is not None and described.stem.casefold() != "data" and not description.keys().isdisjoint(_DESCRIBING):
        root = described  # found by itself only as long as it is the folder's only YAML file
    if names or yaml_names(described, description):
        return root, names
    folder = root.parent if root.is_file() else root
    wrapping = [place for place in folder.parents if place.is_relative_to(given)]
    found = named_classes(folder, USUAL_PARTS)
    for place in wrapping if not found else ():
        found = found or yaml_names(*_description(place)) or named_classes(place, USUAL_PARTS)
    if not found:
        raise DataError(
            "the class names are unknown",
            where=root,
            expected="'names' in a data.yaml, a classes.txt or an obj.names",
            fix="Give them with --names, e.g. --names cat,dog, or the data.yaml with --data.",
        )
    return root, found


def _require_names(root: Path, names: Sequence[str]) -> None:
    wrong = [name for name in names if not is_name(name)]
    if wrong:
        raise DataError(
            "a class has no name that can be written",
            where=root,
            expected="UTF-8 text that is not empty",
            found=brief(wrong[0]),
            fix="Correct it, or give the names of all classes with --names.",
        )


def _parts(source: Source) -> dict[str, object]:
    """Return what a data section says of parts: those to use, or a split."""
    for usual in _PAIRS:
        train, evaluate = (_usual(source, names) for names in usual)
        if train and evaluate:
            chosen = {"train": train, "evaluate": evaluate}
            return {key: parts[0] if len(parts) == 1 else list(parts) for key, parts in chosen.items()}
    names = source.part_names
    # VOC may have a list of each class beside those of all images.
    if len([name for name in names if not any(name.endswith(f"_{other}") for other in names)]) == 1:
        return {"split": Split()}
    missing, usual_names = ("evaluate", EVALUATE_PARTS) if _usual(source, TRAIN_PARTS) else ("train", TRAIN_PARTS)
    raise DataError(
        f"no part to {missing} on",
        where=source.root,
        expected=f"a part named {' or '.join(usual_names)}",
        found=known_parts(source),
        fix="Rename a part, or write the suite by hand and name the parts with 'train' and 'evaluate'.",
    )


def _usual(source: Source, names: Sequence[str]) -> tuple[str, ...]:
    """Return the part of the first of some names, or that of each of VOC's years."""
    by_year = (tuple(part for part in source.part_names if re.fullmatch(rf"VOC\d+/{name}", part)) for name in names)
    return usual_part(source, names) or next(filter(None, by_year), ())


def _content(path: Path) -> str:
    if path.is_file():
        return "a file"
    names = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in path.iterdir())
    return brief(names) if names else "an empty folder"
