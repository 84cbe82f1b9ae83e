"""Bringing a reference dataset's classes into the order a model's head gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forgetbench.data.dataset import Dataset, OddityReport, Sample
from forgetbench.errors import DataError


def align_classes(dataset: Dataset, classes: Sequence[str], report: OddityReport) -> Dataset:
    """Return the dataset with class indices that point into `classes`, matched by name without regard to case.

    Boxes of classes the model does not know are left out and reported.

    Raises:
        DataError: no class is known to the model.
    """
    position = {_plain(name): index for index, name in enumerate(classes)}
    target = np.array([position.get(_plain(name), -1) for name in dataset.classes], dtype=np.int64)
    if (target < 0).all():
        raise DataError(
            "no class of the reference data is known to the model",
            where=dataset.name,
            expected=f"some of {', '.join(classes[:5])}, …",
            found=", ".join(dataset.classes[:5]),
            fix="Name the classes with 'reference.names', or choose the data the model was trained on.",
        )
    for name, index in zip(dataset.classes, target, strict=True):
        if index < 0:
            report.add("class-unknown-to-model", dataset.name, f"boxes of class '{name}' are left out")
    return replace(
        dataset, classes=tuple(classes), samples=tuple(_relabel(sample, target) for sample in dataset.samples)
    )


def _relabel(sample: Sample, target: np.ndarray) -> Sample:
    labels = target[sample.classes]
    known = labels >= 0
    return replace(
        sample,
        boxes=sample.boxes[known],
        classes=labels[known],
        crowd=sample.crowd[known],
        areas=sample.areas[known],
    )


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())
