"""Detections of one network on one dataset, in a compact columnar file that scoring can be redone from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from forgetbench.data.dataset import Dataset
from forgetbench.errors import CorruptRunError
from forgetbench.files import write_bytes
from forgetbench.stored import check_columns, opened_tensors

#: Columns of a file, and the types of their values.
_TYPES = {"image": np.int32, "label": np.int16, "score": np.float32, "box": np.float32}
#: Position of an image in its dataset, and what was found on it: (n, 6) of xyxy in original pixels, score, class.
ImageRows = tuple[int, NDArray[np.float32]]


@dataclass(frozen=True)
class Detections:
    """Detections in order of image, then falling score.

    Attributes:
        image: (n,) int32, position of the image in the dataset.
        label: (n,) int16, class index of the network's head.
        score: (n,) float32 in [0, 1].
        box: (n, 4) float32, xyxy in pixels of the original image.
    """

    image: NDArray[np.int32]
    label: NDArray[np.int16]
    score: NDArray[np.float32]
    box: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.image)

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.integer]) -> Detections:
        """Return some of the detections, by a mask or in the order of positions."""
        return Detections(self.image[chosen], self.label[chosen], self.score[chosen], self.box[chosen])


def gather(parts: list[ImageRows]) -> Detections:
    """Join what was found per image, whatever the order."""
    parts = sorted(parts, key=lambda part: part[0])
    rows = np.concatenate([rows for _, rows in parts]) if parts else np.zeros((0, 6), np.float32)
    image = np.repeat([index for index, _ in parts], [len(rows) for _, rows in parts]).astype(np.int32)
    return Detections(
        image=image,
        label=rows[:, 5].astype(np.int16),
        score=np.ascontiguousarray(rows[:, 4]),
        box=np.ascontiguousarray(rows[:, :4]),
    )


def save_detections(path: Path, detections: Detections, metadata: dict[str, Any]) -> None:
    """Write detections with a description of what produced them."""
    columns = {name: getattr(detections, name) for name in ("image", "label", "score", "box")}
    write_bytes(path, save(columns, {"forgetbench": json.dumps(metadata, sort_keys=True)}))


def load_detections(path: Path) -> tuple[Detections, dict[str, Any]]:
    """Read detections and their description; whether they fit a dataset is another question, see `require_on`.

    Raises:
        CorruptRunError: the file is missing or is not a detections file.
    """
    with opened_tensors(path, "np", "not a readable detections file") as (file, metadata):
        columns = {name: file.get_tensor(name) for name in _TYPES}
        count = len(columns["image"])
        check_columns(columns, _TYPES, {**dict.fromkeys(_TYPES, (count,)), "box": (count, 4)})
        if not isinstance(metadata, dict):
            raise TypeError("its description is no mapping")
    return Detections(**columns), metadata


def load_detections_on(dataset: Dataset, path: Path) -> Detections:
    """Read detections that were found on a dataset.

    Raises:
        CorruptRunError: the file is missing, is not a detections file, or cannot be of this dataset.
    """
    detections, _ = load_detections(path)
    require_on(detections, dataset, path)
    return detections


def require_on(detections: Detections, dataset: Dataset, path: Path) -> None:
    """Check that what was read from a file can have been found on a dataset: what counts by position relies on it.

    Raises:
        CorruptRunError: it cannot.
    """
    problem = problem_on(detections, dataset)
    if problem is not None:
        raise CorruptRunError(f"cannot be of {dataset.name}: {problem}", where=path)


def problem_on(detections: Detections, dataset: Dataset) -> str | None:
    """Return why detections cannot have been found on a dataset, None if they can."""
    for what, values, end in (
        ("image", detections.image, len(dataset.samples)),
        ("class", detections.label, len(dataset.classes)),
    ):
        outside = (values < 0) | (values >= end)
        if outside.any():
            return f"found {what} {values[outside][0]}, expected one of 0 to {end - 1}"
    if not ((detections.score >= 0) & (detections.score <= 1)).all():
        return "found a confidence that is not between 0 and 1"
    further, falling = np.diff(detections.image), np.diff(detections.score) <= 0
    if not ((further > 0) | (further == 0) & falling).all():
        return "its detections are not in order of image, then falling confidence"
    return None
