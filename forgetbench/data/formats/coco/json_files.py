"""Which JSON files of a folder are a COCO dataset's, and of which split each is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from forgetbench.data.formats.coco.scan import mapped_json
from forgetbench.data.formats.coco.splits import split_of, split_word
from forgetbench.data.reading.paths import entries, matching, plain_path
from forgetbench.data.reading.source import UNNAMED
from forgetbench.errors import DataError

_ROBOFLOW_FILE = "_annotations.coco.json"
_INSTANCES = "instances_"
#: COCO's other files on the same images; they count where there is no file of instances.
_OTHER_TASKS = re.compile(r"keypoints|captions|panoptic|stuff|densepose|image_info", re.IGNORECASE)
_LISTS = (b'"images"', b'"annotations"', b'"categories"')


def annotation_files(root: Path, annotations: str | None = None, wanted: Sequence[str] = ()) -> dict[str, Path]:
    """Return a dataset's instances files by split.

    Args:
        root: The dataset's folder.
        annotations: The file to take, relative to it; it is then the data's only, unnamed split.
        wanted: Splits that are asked for by name.

    Raises:
        DataError: there is no such file, or of several files none names a split.
    """
    if annotations is not None:
        path = plain_path(root / annotations)
        if not path.is_file():
            raise DataError(
                "no annotations file",
                where=path,
                expected="the instances JSON 'annotations' names",
                found="nothing" if not path.exists() else "a folder",
                fix="Put it there, or correct 'annotations'.",
            )
        return {UNNAMED: path}
    if usual := usual_files(root):
        return usual
    fitting = other_files(root)
    splits = _by_split(root, fitting, wanted)
    if len(fitting) == 1 and splits.keys().isdisjoint(wanted):
        return {UNNAMED: fitting[0]}
    if len(splits) > 1 or not splits.keys().isdisjoint(wanted):
        return splits  # of a single split nobody knows whether the others are splits too
    everything = matching(root, "*.json", "annotations/*.json")
    if not fitting and len(everything) == 1:
        return {UNNAMED: everything[0]}  # reading it says what it is
    raise DataError(
        "no annotations file" if not everything and not fitting else "several JSON files, none of a known name",
        where=root,
        expected="annotations/instances_<part>.json",
        found=", ".join(sorted(path.name for path in fitting or everything)) or "none",
        fix="Name the file with 'annotations' in the suite.",
    )


def usual_files(root: Path) -> dict[str, Path]:
    """Return the files whose names alone tell that they are a split's, by split: they may be large."""
    instances = [path for path in matching(root, f"annotations/{_INSTANCES}*.json") if path.is_file()]
    splits = {path.stem[len(_INSTANCES) :]: path for path in instances}
    return splits or {path.parent.name: path for path in matching(root, f"*/{_ROBOFLOW_FILE}") if path.is_file()}


def other_files(root: Path) -> list[Path]:
    """Return the files that may be instances by their content; not parsed, the reader does that."""
    folders = [path for path in entries(root) if split_word(path.name) is not None and path.is_dir()]
    found = matching(root, "*.json", "annotation*/*.json", "annotation*/*/*.json")
    for folder in folders:
        found += matching(folder, "*.json", "annotation*/*.json")
    fitting = [path for path in dict.fromkeys(found) if _may_be_instances(path, split_of(root, path) is not None)]
    return [path for path in fitting if not _OTHER_TASKS.search(path.name)] or fitting


def _by_split(root: Path, files: Sequence[Path], wanted: Sequence[str]) -> dict[str, Path]:
    """Return files by the split that they or their folders are named after; those of no split only where asked for.

    Where several name the same split, the one of its very name is taken, else each is a split of its own name.
    """
    stems = [path.stem for path in files]
    own_name = {
        p: p.stem if stems.count(p.stem) == 1 else p.relative_to(root).with_suffix("").as_posix() for p in files
    }
    found = {name: path for path, name in own_name.items() if name in wanted}
    by_word: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        word = split_of(root, path)
        if word is not None and path not in found.values():
            by_word[word].append(path)
    for word, paths in by_word.items():
        exact = [path for path in paths if word in (path.stem, path.parent.name)]
        chosen = paths if len(paths) == 1 else exact if len(exact) == 1 else []
        named = {word: chosen[0]} if chosen else {own_name[path]: path for path in paths}
        found = {**named, **found}
    return dict(sorted(found.items()))


def _may_be_instances(path: Path, named_after_split: bool) -> bool:
    """Tell whether a file names the lists of instances, or is a split's by name and cut short."""
    if not path.is_file() or not path.stat().st_size:
        return False
    try:
        with mapped_json(path) as content:
            if all(content.find(key) >= 0 for key in _LISTS):
                return True
            return named_after_split and content[-64:].rstrip()[-1:] not in (b"}", b"]")
    except ValueError:
        return False
