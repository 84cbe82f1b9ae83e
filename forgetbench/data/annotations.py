"""A dataset's annotations as one file without its images: what scores can be computed from anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from forgetbench.data.dataset import Dataset, Sample, relative_name
from forgetbench.files import write_bytes
from forgetbench.stored import check_columns, opened_tensors

#: Columns of a file, and the types of their values.
_TYPES = {
    "size": np.int64, "image": np.int64, "box": np.float64, "label": np.int64, "crowd": np.uint8, "area": np.float64,
    "sha256": np.uint8,
}  # fmt: skip


def save_annotations(path: Path, dataset: Dataset) -> None:
    """Write a dataset's boxes, classes and images' names, sizes and hashes: all that its fingerprint is of."""
    samples = dataset.samples
    columns: dict[str, NDArray[Any]] = {
        "sha256": np.frombuffer(bytes.fromhex("".join(s.sha256 for s in samples)), np.uint8).reshape(len(samples), 32),
        "size": np.array([(sample.width, sample.height) for sample in samples], np.int64).reshape(-1, 2),
        "image": np.repeat(np.arange(len(samples)), [len(sample.boxes) for sample in samples]).astype(np.int64),
        "box": np.concatenate([np.zeros((0, 4)), *(sample.boxes for sample in samples)]),
        "label": np.concatenate([np.zeros(0, np.int64), *(sample.classes for sample in samples)]),
        "crowd": np.concatenate([np.zeros(0, np.bool_), *(sample.crowd for sample in samples)]).astype(np.uint8),
        "area": np.concatenate([np.zeros(0), *(sample.areas for sample in samples)]),
    }
    about = {
        "name": dataset.name,
        "split": dataset.split,
        "classes": dataset.classes,
        "subset_of": dataset.subset_of,
        "images": [relative_name(sample.image, dataset.root) for sample in samples],
    }
    write_bytes(path, save(columns, {"forgetbench": json.dumps(about, sort_keys=True)}))


def load_annotations(path: Path) -> Dataset:
    """Read a dataset whose images are not here; their paths are their names within the dataset.

    Raises:
        CorruptRunError: the file is missing or holds no annotations.
    """
    return _read(path)


def read_annotations(path: Path) -> tuple[Dataset, str]:
    """Read a dataset whose images are not here, and compute its fingerprint.

    Raises:
        CorruptRunError: the file is missing or holds no annotations.
    """
    dataset = _read(path)
    return dataset, dataset.fingerprint()


def _read(path: Path) -> Dataset:
    with opened_tensors(path, "np", "not readable annotations") as (file, about):
        columns = {name: file.get_tensor(name) for name in _TYPES}
        _check(columns, classes=len(about["classes"]))
        size, image, box, label, crowd, area, hashes = columns.values()
        ends = np.searchsorted(image, np.arange(len(size) + 1))
        rows = [slice(low, high) for low, high in pairwise(ends)]
        samples = tuple(
            Sample(Path(name), width, height, box[at], label[at], crowd[at] != 0, area[at], sha256.tobytes().hex())
            for name, (width, height), at, sha256 in zip(about["images"], size.tolist(), rows, hashes, strict=True)
        )
        name, split, classes, subset_of = (about[key] for key in ("name", "split", "classes", "subset_of"))
        if not all(isinstance(text, str) for text in (name, split, "" if subset_of is None else subset_of, *classes)):
            raise TypeError("a name is no text")
        return Dataset(name, split, tuple(classes), samples, Path(), subset_of=subset_of)


def _check(columns: Mapping[str, NDArray[Any]], classes: int) -> None:
    """Check all that is relied on where boxes are counted and compared by position.

    Raises:
        TypeError: a column is of another type or shape.
        ValueError: something is of no image or class, not in the order of images, or not finite.
    """
    images, boxes = len(columns["size"]), len(columns["image"])
    shapes = {"size": (images, 2), "sha256": (images, 32), "box": (boxes, 4)}
    check_columns(columns, _TYPES, {**dict.fromkeys(_TYPES, (boxes,)), **shapes})
    for name, end in (("image", images), ("label", classes)):
        if ((columns[name] < 0) | (columns[name] >= end)).any():
            raise ValueError(f"'{name}' has a value outside 0 to {end - 1}")
    if (np.diff(columns["image"]) < 0).any():
        raise ValueError("boxes are not in the order of their images")
    if (columns["size"] < 1).any():
        raise ValueError("an image has no width or no height")
    if not (np.isfinite(columns["box"]).all() and np.isfinite(columns["area"]).all()):
        raise ValueError("a box or an area is not finite")
