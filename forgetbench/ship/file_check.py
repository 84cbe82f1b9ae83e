"""Whether a file detects what the run's networks detected: it is opened by its own runtime, run and scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from forgetbench.data.dataset import Dataset
from forgetbench.device import image_batch
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.detections import Detections, gather
from forgetbench.evaluate.letterbox import batches
from forgetbench.evaluate.nms import select, suppress
from forgetbench.evaluate.scorers import ScorerName
from forgetbench.suite.evaluation import EvaluationSettings

#: Images of each dataset that are looked at unless all are asked for: the first ones, evenly spread.
SAMPLE = 48
#: By how much AP may differ from the run's: float16 keeps the weights as they are, so only arithmetic is left.
TOLERANCE = 0.001
#: Canvas images (B, 3, H, W) in [0, 1] to (B, 4 + classes, anchors) xywh and scores, or (B, n, 6) xyxy, score, class.
Runtime = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Compared:
    """AP of a file on some images, and that of the run's own detections on the same images."""

    role: str
    dataset: str
    images: int
    file: float | None
    run: float | None

    @property
    def alike(self) -> bool:
        """Whether they differ by no more than arithmetic explains."""
        if self.file is None or self.run is None:
            return self.file is self.run
        return abs(self.file - self.run) <= TOLERANCE


def compare(
    runtime: Runtime,
    dataset: Dataset,
    outputs: Sequence[int],
    stored: Detections,
    settings: EvaluationSettings,
    stride: int,
    *,
    role: str,
    scorer: ScorerName,
    full: bool,
) -> Compared:
    """Run a file on a dataset's images and score it beside what the run detected there.

    Args:
        runtime: The file, opened.
        dataset: Images with the classes of one of the two heads.
        outputs: Which output of the file each of these classes is.
        stored: What the run's network detected on the whole dataset.
        settings: As the run evaluated.
        stride: The model's largest stride in pixels.
        role: `target` or `reference`.
        scorer: The run's.
        full: Whether to look at all images.
    """
    chosen = np.arange(len(dataset.samples))
    if not full and len(chosen) > SAMPLE:
        chosen = np.unique(np.linspace(0, len(chosen) - 1, SAMPLE).round().astype(np.int64))
    some = replace(dataset, samples=tuple(dataset.samples[index] for index in chosen))
    found = _detect(runtime, some, outputs, settings, stride)
    position = np.full(len(dataset.samples), -1, np.int32)
    position[chosen] = np.arange(len(chosen))
    kept = stored.of(position[stored.image] >= 0)
    kept = Detections(position[kept.image], kept.label, kept.score, kept.box)
    truth = ground_truth(some, scorer)
    return Compared(role, dataset.name, len(chosen), score(truth, found).ap, score(truth, kept).ap)


def _detect(
    runtime: Runtime, dataset: Dataset, outputs: Sequence[int], settings: EvaluationSettings, stride: int
) -> Detections:
    """Return a file's detections of some of its classes, as if it had no others."""
    parts = []
    rows_of = torch.tensor([0, 1, 2, 3, *(4 + output for output in outputs)])
    with torch.inference_mode():
        for batch in batches(dataset.samples, imgsz=settings.imgsz, stride=stride, shape=settings.shape, batch=1):
            predictions = runtime(image_batch(batch.pixels, torch.device("cpu")))
            if predictions.shape[-1] == 6:
                boxes = select(_of_classes(predictions, outputs), conf=settings.conf, max_det=settings.max_det)
            else:
                boxes = suppress(
                    predictions[:, rows_of], conf=settings.conf, iou=settings.iou, max_det=settings.max_det
                )
            for index, letterbox, rows in zip(batch.indices, batch.letterboxes, boxes, strict=True):
                placed = torch.cat([letterbox.to_original(rows[:, :4]), rows[:, 4:]], dim=1)
                parts.append((index, placed.numpy()))
    return gather(parts)


def _of_classes(predictions: Tensor, outputs: Sequence[int]) -> Tensor:
    """Return one image's one-to-one detections of some classes (1, n, 6), which get their positions as numbers."""
    (rows,) = predictions
    number = {output: label for label, output in enumerate(outputs)}
    labels = [number.get(int(label), -1) for label in rows[:, 5]]
    rows = torch.cat([rows[:, :5], torch.tensor(labels, dtype=rows.dtype)[:, None]], dim=1)
    return rows[rows[:, 5] >= 0][None]
