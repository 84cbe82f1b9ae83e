"""A dataset's annotations as one file without its images: what scores can be computed from anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from forgetbench.data.dataset import Dataset, Sample, fingerprint_of, relative_name
from forgetbench.files import write_bytes
from forgetbench.stored import opened_tensors


def save_annotations(path: Path, dataset: Dataset) -> None:
    """Write a dataset's boxes, classes and image names and sizes: all that its fingerprint is of."""
    samples = dataset.samples
    columns = {
        "bytes": np.array([sample.image.stat().st_size for sample in samples], np.int64),
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
    return read_annotations(path)[0]


def read_annotations(path: Path) -> tuple[Dataset, str]:
    """Read a dataset whose images are not here, and compute its fingerprint.

    Raises:
        CorruptRunError: the file is missing or holds no annotations.
    """
    with opened_tensors(path, "np", "not readable annotations") as (file, about):
        size, image, box, label, crowd, area = (
            file.get_tensor(name) for name in ("size", "image", "box", "label", "crowd", "area")
        )
        file_bytes = file.get_tensor("bytes").tolist()
        ends = np.searchsorted(image, np.arange(len(size) + 1))
        placed = zip(about["images"], size.tolist(), ends[:-1], ends[1:], strict=True)
        samples = tuple(
            Sample(Path(name), width, height, box[low:high], label[low:high], crowd[low:high] != 0, area[low:high])
            for name, (width, height), low, high in placed
        )
        dataset = Dataset(
            about["name"], about["split"], tuple(about["classes"]), samples, Path(), subset_of=about["subset_of"]
        )
        return dataset, fingerprint_of(dataset, file_bytes)
