"""How a folder of COCO data is recognised, described in a suite and opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forgetbench.data.formats.coco.json_files import other_files, usual_files
from forgetbench.data.formats.coco.reader import CocoSource, read_coco
from forgetbench.data.formats.registry import Names, Reader
from forgetbench.suite.data_section import Data


def is_coco(path: Path) -> bool:
    """Tell whether a folder looks like a dataset in COCO's form."""
    return path.is_dir() and bool(usual_files(path) or other_files(path))


def describe(root: Path, _given: Path, names: Sequence[str] | None) -> dict[str, Any]:
    """Return where the data are, and the name of their only file where it tells no split."""
    fitting = [] if usual_files(root) else other_files(root)
    single = fitting[0].relative_to(root).as_posix() if len(fitting) == 1 else None
    return {"path": str(root), "names": list(names) if names else None, "annotations": single}


def _open(root: Path, section: Data, names: Names, _known_names: Names) -> CocoSource:
    splits = (section.splits("train"), section.splits("evaluate"))
    return read_coco(root, section.annotations, section.images, names, *splits)


READER = Reader(
    "annotations/instances_<part>.json, <part>/_annotations.coco.json or one instances JSON",
    is_coco,
    _open,
    describe,
    sureness=2,
)
