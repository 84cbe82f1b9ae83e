"""Telling from a folder's layout which format its data are in, and how a suite says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from forgetbench.data.card import ALL
from forgetbench.data.data_yaml import find_yaml, load_yaml
from forgetbench.data.load import EVALUATE_PARTS, TRAIN_PARTS, open_source, usual_part
from forgetbench.data.paths import walk_images
from forgetbench.data.source import UNNAMED
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data, Split

Format = Literal["yolo", "coco", "voc"]

#: What each format is recognised by, as errors say it.
SIGNS: dict[Format, str] = {
    "voc": "Annotations/*.xml beside JPEGImages/",
    "coco": "annotations/instances_<part>.json, <part>/_annotations.coco.json or one instances JSON",
    "yolo": "a data.yaml, images/ and labels/, or <part>/images and <part>/labels",
}
#: Folders deep that an unpacked archive may have wrapped the data in.
_DEEPEST = 3


def recognise(path: Path, wanted: Format | None = None, names: tuple[str, ...] | None = None) -> Data:
    """Return the data section that a suite needs for a folder; its path is absolute.

    Where the data have no part to train or none to evaluate on, the section asks for a seeded split of all images.

    Args:
        path: The dataset's folder, one that wraps it, or its data.yaml.
        wanted: The format, if it is known.
        names: Class names, for data that name none.

    Raises:
        DataError: no format, or more than one, fits what is there; or the data cannot be opened.
    """
    if not path.exists():
        raise DataError("no such folder", where=path, expected="the folder of your data")
    root, kind = _find(path.absolute(), wanted)
    names = names or (_classes_file(root) if kind == "yolo" else None)
    if kind == "yolo" and names is None and not _names_in_yaml(root):
        raise DataError(
            "the class names are unknown",
            where=root,
            expected="'names' in a data.yaml, or a classes.txt",
            fix="Give them with --names, e.g. --names cat,dog.",
        )
    annotations = _single_json(root) if kind == "coco" else None
    spec = Data(format=kind, path=str(root), names=list(names) if names else None, annotations=annotations)
    source = open_source(spec, root)
    parts = source.part_names
    train, evaluate = (usual_part(source, usual) for usual in (TRAIN_PARTS, EVALUATE_PARTS))
    if train and evaluate:
        return spec.model_copy(update={"train": train[0], "evaluate": evaluate[0]})
    if len(parts) > 1 and UNNAMED not in parts and not train:
        raise DataError(
            "no part to train on",
            where=root,
            expected=f"a part named {TRAIN_PARTS[0]}",
            found=", ".join(parts),
            fix="Write the suite by hand and name the parts with 'train' and 'evaluate'.",
        )
    return spec.model_copy(update={"split": Split()})


def part_of(spec: Data, purpose: Literal["train", "evaluate"]) -> str:
    """Return the name a card counts images under for one purpose."""
    parts = spec.parts(purpose)
    return ALL if spec.split is not None or not parts else "+".join(parts)


def _find(path: Path, wanted: Format | None) -> tuple[Path, Format]:
    """Return the folder (or data.yaml) and format, looking into folders that only wrap another."""
    here = path
    for _ in range(_DEEPEST):
        fitting = [kind for kind, fits in _FITS.items() if wanted in (None, kind) and fits(here)]
        if len(fitting) == 1:
            return here, fitting[0]
        if fitting:
            raise DataError(
                "looks like more than one format",
                where=here,
                found=" and ".join(f"{kind} ({SIGNS[kind]})" for kind in fitting),
                fix="Say which with --format.",
            )
        inside = [entry for entry in here.iterdir() if entry.is_dir() and not entry.name.startswith((".", "__"))]
        if here.is_file() or len(inside) != 1:
            break
        here = inside[0]
    formats = [wanted] if wanted else list(SIGNS)
    raise DataError(
        "no known layout of data",
        where=path,
        expected="; or ".join(f"{kind}: {SIGNS[kind]}" for kind in formats),
        found=_content(path),
    )


def _is_voc(path: Path) -> bool:
    years = [path, *path.glob("VOC[0-9]*")] if path.is_dir() else []
    return any((year / "JPEGImages").is_dir() and any((year / "Annotations").glob("*.xml")) for year in years)


def _is_coco(path: Path) -> bool:
    return path.is_dir() and any(_looks_like_instances(file) for file in _json_files(path))


def _is_yolo(path: Path) -> bool:
    if path.is_file():
        return path.suffix in (".yaml", ".yml")
    described = find_yaml(path)
    if described is not None and {"train", "val"} & load_yaml(described).keys():
        return True
    pairs = [(path / "images", path / "labels"), *((part / "images", part / "labels") for part in path.iterdir())]
    return any(
        any(labels.rglob("*.txt")) and next(walk_images(images), None) is not None
        for images, labels in pairs
        if images.is_dir() and labels.is_dir()
    )


_FITS: dict[Format, Callable[[Path], bool]] = {"voc": _is_voc, "coco": _is_coco, "yolo": _is_yolo}


def _json_files(root: Path) -> Iterator[Path]:
    yield from sorted(root.glob("annotations/*.json"))
    yield from sorted(root.glob("*/_annotations.coco.json"))
    yield from sorted(root.glob("*.json"))


def _looks_like_instances(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and all(
        isinstance(content.get(key), list) for key in ("images", "annotations", "categories")
    )


def _single_json(root: Path) -> str | None:
    """Return the name of a COCO dataset's only file where it is not one that names a part."""
    usual = [*root.glob("annotations/instances_*.json"), *root.glob("*/_annotations.coco.json")]
    fitting = [file for file in _json_files(root) if _looks_like_instances(file)]
    return None if usual or len(fitting) != 1 else fitting[0].relative_to(root).as_posix()


def _names_in_yaml(root: Path) -> bool:
    described = root if root.is_file() else find_yaml(root)
    return described is not None and bool({"names", "nc"} & load_yaml(described).keys())


def _classes_file(root: Path) -> tuple[str, ...] | None:
    """Return the class names that annotation tools leave in a classes.txt, where no data.yaml names any."""
    if _names_in_yaml(root):
        return None
    for place in (root / "classes.txt", root / "labels" / "classes.txt"):
        if place.is_file():
            lines = [line.strip() for line in place.read_text(encoding="utf-8-sig").splitlines()]
            return tuple(filter(None, lines)) or None
    return None


def _content(path: Path) -> str:
    if path.is_file():
        return "a file"
    names = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in path.iterdir())
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "") or "an empty folder"
