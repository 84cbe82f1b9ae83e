"""Datasets of forgetbench as YOLO folders, so that every contender reads the same images and the same boxes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from forgetbench.data.dataset import Dataset, Sample
from forgetbench.errors import InputError
from forgetbench.files import write_text


def export(parts: Mapping[str, Dataset], folder: Path) -> Path:
    """Write datasets as the parts of one YOLO folder and return its `data.yaml`.

    Images are copied, because Ultralytics finds labels by replacing a part of the image's path, and named by their
    position in the dataset. Boxes are written with every digit.

    Args:
        parts: What each part (`train`, `val`) holds; their classes are the same.
        folder: Made if need be.

    Raises:
        InputError: an image has crowd regions, which YOLO's labels cannot say.
    """
    classes: Sequence[str] = next(iter(parts.values())).classes
    for part, dataset in parts.items():
        images, labels = folder / "images" / part, folder / "labels" / part
        images.mkdir(parents=True, exist_ok=True)
        labels.mkdir(parents=True, exist_ok=True)
        for position, sample in enumerate(dataset.samples):
            if sample.crowd.any():
                raise InputError("has crowd regions, which YOLO labels cannot say", where=sample.image)
            shutil.copyfile(sample.image, images / f"{position:06d}{sample.image.suffix.lower()}")
            (labels / f"{position:06d}.txt").write_text(label_text(sample), encoding="utf-8")
    listed = {part: f"images/{part}" for part in parts}
    # Ultralytics wants both parts named, though a validation reads but one
    listed = {"train": next(iter(listed.values())), **listed}
    content = {"path": str(folder.absolute()), **listed, "names": dict(enumerate(classes))}
    write_text(folder / "data.yaml", yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    return folder / "data.yaml"


def label_text(sample: Sample) -> str:
    """Return a sample's boxes as YOLO lines: class, then centre and size as shares of the image's."""
    lines = []
    for (x1, y1, x2, y2), label in zip(sample.boxes.tolist(), sample.classes.tolist(), strict=True):
        centre = ((x1 + x2) / 2 / sample.width, (y1 + y2) / 2 / sample.height)
        size = ((x2 - x1) / sample.width, (y2 - y1) / sample.height)
        lines.append(" ".join([str(label), *(repr(value) for value in (*centre, *size))]) + "\n")
    return "".join(lines)


def forget_label_caches(folder: Path) -> None:
    """Remove what Ultralytics has written beside the labels, so that no contender profits from another's reading."""
    for cache in folder.rglob("*.cache"):
        cache.unlink()
