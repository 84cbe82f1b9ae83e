"""Annotations and detections that are hard to score alike: ties, borders and leftovers of every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forgetbench.data.dataset import Dataset, Sample
from forgetbench.evaluate.detections import Detections

Boxes = NDArray[np.float64]
#: Lengths whose squares and products lie on, just below and just above COCO's limits of 32² and 96² square pixels.
_LENGTHS = np.array([0.0, 16.0, 31.99999, 32.0, 32.00001, 64.0, 72.0, 95.99999, 96.0, 96.00001, 128.0])


def world(seed: int) -> tuple[Dataset, Detections]:
    """Return a few images with annotations, and what a network might have found in them.

    There are crowd regions over several objects, areas that are not the box's, boxes without area or partly outside,
    duplicates, classes and images without annotations or detections, more than 100 detections of a class in an image,
    overlaps exactly on COCO's thresholds, equal scores within and across images, and neighbouring float32 scores.
    """
    random = np.random.default_rng(seed)
    images, classes = int(random.choice([1, 2, 3, 12])), int(random.choice([1, 2, 5]))
    step = float(random.choice([0.25, 1, 4, 10]))
    dataset = _annotated(random, images, classes, int(random.choice([0, 3, 20, 60])), step)
    return dataset, _found(random, dataset, int(random.choice([0, 5, 60, 300])), step)


def _annotated(random: np.random.Generator, images: int, classes: int, count: int, step: float) -> Dataset:
    corner = _on_grid(random.uniform(-20, 150, (count, 2)), step)
    size = _on_grid(random.uniform(1, random.choice([45, 140]), (count, 2)), step)
    if random.random() < 0.4:
        size = random.choice(_LENGTHS, (count, 2))
    boxes = np.concatenate([corner, corner + size], axis=1)
    crowd = random.random(count) < random.choice([0, 0.15, 0.5])
    boxes[crowd] = [5.0, 5.0, 150.0, 140.0]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    if random.random() < 0.4:
        areas = areas * random.choice([0.5, 0.7, 1.0, 1.1], count)
    labels = random.integers(0, max(1, classes - 1), count)
    where = random.integers(0, images, count)
    samples = tuple(
        Sample(Path(f"{i}.png"), 160, 150, boxes[at], labels[at], crowd[at], areas[at], f"{i:064x}")
        for i in range(images)
        for at in [np.flatnonzero(where == i)]
    )
    return Dataset("hard", "val", tuple("abcde"[:classes]), samples, Path())


def _found(random: np.random.Generator, dataset: Dataset, count: int, step: float) -> Detections:
    image = random.integers(0, len(dataset.samples), count)
    label = random.integers(0, len(dataset.classes), count)
    corner = random.uniform(-20, 150, (count, 2))
    box = np.concatenate([corner, corner + random.uniform(0, 120, (count, 2))], axis=1)
    near = random.random(count) < 0.9
    spread = float(random.choice([0, 0.5, 3, 10]))
    for row in np.flatnonzero(near):
        sample = dataset.samples[image[row]]
        if len(sample.boxes):
            annotation = random.integers(0, len(sample.boxes))
            label[row] = sample.classes[annotation]
            box[row] = sample.boxes[annotation] + _on_grid(random.normal(0, 1, 4) * spread, step)
            if random.random() < 0.3:  # an overlap on a threshold
                box[row] = sample.boxes[annotation]
                box[row, 3] = box[row, 1] + (box[row, 3] - box[row, 1]) * random.choice(np.linspace(0.5, 0.95, 10))
    box[:, 2:] = np.maximum(box[:, 2:], box[:, :2])
    score = random.random(count).astype(np.float32)
    if random.random() < 0.6:
        score = (np.round(score * 4) / 4).astype(np.float32)
    elif random.random() < 0.5:
        score = np.where(score > 0.5, np.float32(0.3), np.nextafter(np.float32(0.3), np.float32(1)))
    order = np.lexsort((-score, image))
    return Detections(
        image[order].astype(np.int32),
        label[order].astype(np.int16),
        score[order].astype(np.float32),
        box[order].astype(np.float32),
    )


def _on_grid(values: Boxes, step: float) -> Boxes:
    return np.round(values / step) * step
