"""Telling from a folder's layout which format its data are in, and how a suite says so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from forgetbench.data.choose import EVALUATE_SPLITS, TRAIN_SPLITS, usual_split
from forgetbench.data.formats.converted import without_converted
from forgetbench.data.formats.foreign import refuse_foreign
from forgetbench.data.formats.registry import Reader, reader_of
from forgetbench.data.load import open_source, unreadable
from forgetbench.data.reading.class_list import is_name, is_text
from forgetbench.data.reading.paths import plain_path
from forgetbench.data.reading.source import Source, known_splits
from forgetbench.errors import DataError, brief
from forgetbench.suite.data_section import Data, Split
from forgetbench.suite.formats import find_format, further_formats, readable_formats

#: Folders deep that an unpacked archive may have wrapped the data in, the data's own among them.
_DEEPEST = 3
#: What is trained on and evaluated on together, the best pair first.
_PAIRS = ((TRAIN_SPLITS, EVALUATE_SPLITS), (("trainval",), ("test",)))


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
    wanted: str | None = None,
    names: Sequence[str] | None = None,
    classes_from: Literal[0, 1] | None = None,
) -> Recognised:
    """Find out how a folder's data are to be read.

    Where they are a single split, or have no splits, the section asks for a seeded split of all images.

    Args:
        path: The dataset's folder, one that wraps it, or its data.yaml.
        wanted: The format, if it is known.
        names: Class names, for data that name none.
        classes_from: Number of the first class in YOLO label files, if it is known.

    Raises:
        DataError: no format, or more than one, fits what is there; the data cannot be opened; the classes have no
            names; or of several splits none is usually trained or evaluated on.
        InputError: no format that comes with forgetbench fits, and another package's cannot be used.
    """
    try:
        place, kind = _find(plain_path(path), wanted)
        described = reader_of(kind).describe(place, plain_path(path), names)
        root, found_names = Path(str(described["path"])), described.get("names") or ()
        _require_names(root, found_names)
        if classes_from is not None and "classes_from" not in find_format(kind).options.model_fields:
            raise DataError(f"{kind} data count no classes", where=root, fix="Leave out --classes-from.")
        spec = Data.model_validate({"format": kind, "classes_from": classes_from, **described})
        source = open_source(spec, root)
    except OSError as error:
        raise unreadable(error, path) from error
    _require_names(root, source.classes)
    return Recognised(spec.model_copy(update=_splits(source)), source)


def _find(path: Path, wanted: str | None) -> tuple[Path, str]:
    """Return the folder (or data.yaml) and format; formats of other packages are asked last."""
    signs: dict[str, str] = {}
    further = further_formats()
    ours = tuple(name for name in readable_formats() if name not in further)
    for formats in ((wanted,),) if wanted else (ours, further):
        found = {name: reader_of(name) for name in formats}
        readers = dict(sorted(found.items(), key=lambda item: -item[1].sureness))
        place = _look(path, readers)
        if place is not None:
            return place
        signs |= {name: reader.sign for name, reader in readers.items()}
    refuse_foreign(path)
    raise DataError(
        "no known layout of data",
        where=path,
        expected="; or ".join(f"{name}: {sign}" for name, sign in signs.items()),
        found=_content(path),
        fix="Give the folder that holds these with --data; an archive has to be unpacked first.",
    )


def _look(path: Path, readers: Mapping[str, Reader]) -> tuple[Path, str] | None:
    """Return the folder and format of the one reader that fits, looking into folders that only wrap another."""
    here = path
    for _ in range(_DEEPEST):
        if not is_text(str(here)):
            raise DataError("a folder's name is not UTF-8 text", where=brief(str(here)), fix="Rename the folder.")
        if not here.exists():
            raise DataError("no such folder", where=here, fix="Give the folder of your data with --data.")
        there = [name for name, reader in readers.items() if reader.fits(here)]
        fitting = [name for name in there if name in without_converted(here, there)]
        if len(fitting) == 1:
            return here, fitting[0]
        if fitting:
            raise DataError(
                "looks like more than one format",
                where=here,
                found=" and ".join(f"{name} ({readers[name].sign})" for name in fitting),
                fix="Say which with --format.",
            )
        if here.is_file():
            break
        inside = [entry for entry in here.iterdir() if entry.is_dir() and not entry.name.startswith((".", "__"))]
        if len(inside) != 1:
            break
        here = inside[0]
    return None


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


def _splits(source: Source) -> dict[str, object]:
    """Return what a data section says of splits: those to use, or a seeded split."""
    for usual in _PAIRS:
        train, evaluate = (_usual(source, names) for names in usual)
        if train and evaluate:
            chosen = {"train": train, "evaluate": evaluate}
            return {key: splits[0] if len(splits) == 1 else list(splits) for key, splits in chosen.items()}
    names = source.split_names
    # VOC may have a list of each class beside those of all images.
    if len([name for name in names if not any(name.endswith(f"_{other}") for other in names)]) == 1:
        return {"split": Split()}
    missing, usual_names = ("evaluate", EVALUATE_SPLITS) if _usual(source, TRAIN_SPLITS) else ("train", TRAIN_SPLITS)
    raise DataError(
        f"no part to {missing} on",
        where=source.root,
        expected=f"a part named {' or '.join(usual_names)}",
        found=known_splits(source),
        fix="Rename a part, or write the suite by hand and name the parts with 'train' and 'evaluate'.",
    )


def _usual(source: Source, names: Sequence[str]) -> tuple[str, ...]:
    """Return the split of the first of some names, or that of each of VOC's years."""
    by_year = (tuple(split for split in source.split_names if re.fullmatch(rf"VOC\d+/{name}", split)) for name in names)
    return usual_split(source, names) or next(filter(None, by_year), ())


def _content(path: Path) -> str:
    if path.is_file():
        return "a file"
    names = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in path.iterdir())
    return brief(names) if names else "an empty folder"
