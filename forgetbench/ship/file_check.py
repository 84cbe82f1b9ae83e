"""Whether a file detects what the run's networks detected: it is opened by its own runtime, run and scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from forgetbench.data.dataset import Dataset
from forgetbench.device import image_batch
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.detections import Detections, gather
from forgetbench.evaluate.image_score import CONFIDENCE
from forgetbench.evaluate.letterbox import batches
from forgetbench.evaluate.nms import select, suppress
from forgetbench.evaluate.scorers import ScorerName
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.suite.kinds import Shape

#: Images of each dataset that are looked at unless all are asked for: the first ones, evenly spread.
SAMPLE = 48
#: By how much AP may differ from the run's: float16 keeps the weights as they are, so only arithmetic is left.
TOLERANCE = 0.001
#: And where the file's numbers are float16, which moves weak boxes by pixels and scores by hundredths.
HALF_TOLERANCE = 0.005
#: Canvas images (B, 3, H, W) in [0, 1] to (B, 4 + classes, anchors) xywh and scores, or (B, n, 6) xyxy, score, class.
Runtime = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Compared:
    """AP of a file on some images, and what it should be there.

    Attributes:
        role: `target` or `reference`.
        dataset: The name of the data.
        images: How many.
        file: AP of what the file detects; None where nothing can be measured.
        expected: That of the run's own detections; for another format, that of the checked `.pt` on the same canvases.
        shape: Of the canvases.
        tolerance: By how much the two may differ.
        others: Detections an image above `CONFIDENCE` that are of classes which these data do not have, the other
            side's; None not counted.
    """

    role: str
    dataset: str
    images: int
    file: float | None
    expected: float | None
    shape: Shape
    tolerance: float = TOLERANCE
    others: float | None = None

    @property
    def alike(self) -> bool:
        """Whether they differ by no more than arithmetic explains."""
        if self.file is None or self.expected is None:
            return self.file is self.expected
        return abs(self.file - self.expected) <= self.tolerance


@dataclass(frozen=True)
class Side:
    """What a file is to detect of one of the data.

    Attributes:
        role: `target` or `reference`.
        dataset: All of its images.
        outputs: Which output of the file each of its classes is.
        stored: What the run's network detected on all of its images.
    """

    role: str
    dataset: Dataset
    outputs: Sequence[int]
    stored: Detections


@dataclass(frozen=True)
class Terms:
    """How files are run and scored: as the run did.

    Attributes:
        settings: The run's; another format is run on square canvases.
        stride: The model's largest stride in pixels.
        scorer: The run's.
        full: Whether to look at all images.
    """

    settings: EvaluationSettings
    stride: int
    scorer: ScorerName
    full: bool


def compare_with_run(runtime: Runtime, side: Side, terms: Terms) -> Compared:
    """Run a file on images of one of the data and score it beside what the run detected there."""
    some, chosen = _looked_at(side.dataset, full=terms.full)
    found, others = _detect(runtime, some, side.outputs, terms.settings, terms.stride)
    position = np.full(len(side.dataset.samples), -1, np.int32)
    position[chosen] = np.arange(len(chosen))
    kept = side.stored.of(position[side.stored.image] >= 0)
    kept = Detections(position[kept.image], kept.label, kept.score, kept.box)
    compared = _scored(side.role, some, found, kept, terms.settings, terms.scorer)
    return replace(compared, others=others / len(some.samples))


def compare_with_other(runtime: Runtime, other: Runtime, side: Side, terms: Terms, *, half: bool) -> Compared:
    """Run two files on square canvases, the only ones that most formats take, and score them beside each other.

    Args:
        runtime: The file in question.
        other: One that detects what the run scored.
        side, terms: As `compare_with_run` takes them.
        half: Whether the file's numbers are float16.
    """
    some, _ = _looked_at(side.dataset, full=terms.full)
    settings = replace(terms.settings, shape="square")
    found, expected = (_detect(one, some, side.outputs, settings, terms.stride)[0] for one in (runtime, other))
    compared = _scored(side.role, some, found, expected, settings, terms.scorer)
    return replace(compared, tolerance=HALF_TOLERANCE) if half else compared


def _looked_at(dataset: Dataset, *, full: bool) -> tuple[Dataset, NDArray[np.int64]]:
    """Return a dataset with all images or an evenly spread sample, and which they are."""
    chosen = np.arange(len(dataset.samples))
    if not full and len(chosen) > SAMPLE:
        chosen = np.unique(np.linspace(0, len(chosen) - 1, SAMPLE).round().astype(np.int64))
    return replace(dataset, samples=tuple(dataset.samples[index] for index in chosen)), chosen


def _scored(
    role: str,
    dataset: Dataset,
    found: Detections,
    expected: Detections,
    settings: EvaluationSettings,
    scorer: ScorerName,
) -> Compared:
    truth = ground_truth(dataset, scorer)
    ap, other = score(truth, found).ap, score(truth, expected).ap
    return Compared(role, dataset.name, len(dataset.samples), ap, other, settings.shape)


def _detect(
    runtime: Runtime, dataset: Dataset, outputs: Sequence[int], settings: EvaluationSettings, stride: int
) -> tuple[Detections, int]:
    """Return a file's detections of some classes, as if it had no others, and how many of the others it shows."""
    parts, others = [], 0
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
            others += _others(predictions, outputs, settings)
            for index, letterbox, rows in zip(batch.indices, batch.letterboxes, boxes, strict=True):
                placed = torch.cat([letterbox.to_original(rows[:, :4]), rows[:, 4:]], dim=1)
                parts.append((index, placed.numpy()))
    return gather(parts), others


def _others(predictions: Tensor, outputs: Sequence[int], settings: EvaluationSettings) -> int:
    """Return how many detections of one image above `CONFIDENCE` are of other classes than these outputs."""
    if predictions.shape[-1] == 6:
        (rows,) = predictions
        return int(((rows[:, 4] > CONFIDENCE) & ~torch.isin(rows[:, 5].long(), torch.tensor(outputs))).sum())
    rest = [4 + output for output in range(predictions.shape[1] - 4) if output not in outputs]
    if not rest:
        return 0
    boxes = predictions[:, [0, 1, 2, 3, *rest]]
    return sum(map(len, suppress(boxes, conf=CONFIDENCE, iou=settings.iou, max_det=settings.max_det)))


def _of_classes(predictions: Tensor, outputs: Sequence[int]) -> Tensor:
    """Return one image's one-to-one detections of some classes (1, n, 6), which get their positions as numbers."""
    (rows,) = predictions
    number = {output: label for label, output in enumerate(outputs)}
    labels = [number.get(int(label), -1) for label in rows[:, 5]]
    rows = torch.cat([rows[:, :5], torch.tensor(labels, dtype=rows.dtype)[:, None]], dim=1)
    return rows[rows[:, 5] >= 0][None]
