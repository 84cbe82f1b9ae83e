"""What intervals cost: resampling the AP of many checkpoints on COCO's size, against one pass of pycocotools.

scripts/bench resampling [--checkpoints 32] [--images 5000] [--resamples 1000]

Annotations and detections are drawn: 7 objects an image in 80 classes of very unequal frequency, 300 boxes an image, of
which some fit an object and most are low-scored background, as a detector leaves them at a confidence of 0.001.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import progress_to_stderr
from benchmarks.table import machine, rows
from forgetbench.data.dataset import Dataset, Sample
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.bootstrap import draw_images, resample
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.matching import match

CLASSES, OBJECTS, BOXES = 80, 7, 300


def drawn_dataset(images: int, random: np.random.Generator) -> Dataset:
    """Return annotated images without files."""
    frequency = 1 / np.arange(1, CLASSES + 1)
    samples = []
    for number in range(images):
        count = random.poisson(OBJECTS)
        corner, size = random.uniform(0, 400, (count, 2)), random.uniform(12, 240, (count, 2))
        boxes = np.concatenate([corner, corner + size], axis=1)
        labels = random.choice(CLASSES, count, p=frequency / frequency.sum())
        crowd, areas = random.random(count) < 0.01, size.prod(axis=1)
        samples.append(Sample(Path(f"{number}.jpg"), 640, 640, boxes, labels, crowd, areas, f"{number:064x}"))
    return Dataset("drawn", "val", tuple(map(str, range(CLASSES))), tuple(samples), Path())


def drawn_detections(dataset: Dataset, random: np.random.Generator) -> Detections:
    """Return what a detector might find: most objects once or several times, and background."""
    parts = []
    for position, sample in enumerate(dataset.samples):
        count = len(sample.boxes)
        again = random.choice(count, 3 * count) if count else np.zeros(0, np.int64)
        near = sample.boxes[again] + random.normal(0, 8, (len(again), 4))
        corner = random.uniform(0, 400, (BOXES - len(again), 2))
        far = np.concatenate([corner, corner + random.uniform(12, 240, corner.shape)], axis=1)
        labels = np.concatenate([sample.classes[again], random.choice(CLASSES, len(far))])
        scores = np.concatenate([random.beta(2, 2, len(near)), random.beta(0.3, 12, len(far))])
        order = np.argsort(-scores)
        found = np.column_stack([np.concatenate([near, far]), scores, labels])[order]
        parts.append(np.column_stack([np.full(len(found), position), found]))
    table = np.concatenate(parts)
    return Detections(
        table[:, 0].astype(np.int32),
        table[:, 6].astype(np.int16),
        table[:, 5].astype(np.float32),
        table[:, 1:5].astype(np.float32),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench resampling", description=str(__doc__))
    parser.add_argument("--checkpoints", type=int, default=32)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--resamples", type=int, default=1000)
    given = parser.parse_args()
    say = progress_to_stderr("resampling")
    dataset = drawn_dataset(given.images, np.random.default_rng(0))
    truth = ground_truth(dataset, "pycocotools")
    first = drawn_detections(dataset, np.random.default_rng(1))
    began = time.perf_counter()
    score(truth, first)
    reference = time.perf_counter() - began
    say(f"pycocotools: {reference:.1f} s for {len(first)} rows")
    drawn = draw_images(given.images, given.resamples, 0)
    matching = resampling = 0.0
    for checkpoint in range(given.checkpoints):
        found = drawn_detections(dataset, np.random.default_rng(1 + checkpoint))
        began = time.perf_counter()
        matches = match(dataset, found).of_classes
        matching += time.perf_counter() - began
        began = time.perf_counter()
        resample(matches, drawn)
        resampling += time.perf_counter() - began
        say(f"{checkpoint + 1} of {given.checkpoints}: matching {matching:.1f} s, resampling {resampling:.1f} s")
    table = [
        ["pycocotools, one checkpoint as it is", f"{reference:.1f}"],
        [f"matching, {given.checkpoints} checkpoints", f"{matching:.1f}"],
        [f"{given.resamples} resamples of each", f"{resampling:.1f}"],
    ]
    print(f"{machine()}\n\n{rows(['', 'wall, s'], table)}")


if __name__ == "__main__":
    main()
