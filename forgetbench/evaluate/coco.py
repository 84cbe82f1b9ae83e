"""COCO average precision by pycocotools, from a dataset and stored detections."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.detections import Detections


@dataclass(frozen=True)
class Scores:
    """COCO's averages as fractions; None where the dataset has nothing to measure them on.

    Attributes:
        ap: AP averaged over IoU 0.50 to 0.95 in steps of 0.05 and over classes with instances.
        ap50, ap75: AP at one IoU.
        ap_small, ap_medium, ap_large: AP of instances by area: below 32², to 96², above (square pixels).
        per_class: AP of each class index with instances.
        images, instances: What was scored on; crowd regions are not instances.
    """

    ap: float | None
    ap50: float | None
    ap75: float | None
    ap_small: float | None
    ap_medium: float | None
    ap_large: float | None
    per_class: dict[int, float]
    images: int
    instances: int


def ground_truth(dataset: Dataset) -> COCO:
    """Return a dataset in pycocotools' form; image ids are positions, category ids class indices plus one."""
    annotations: list[dict[str, Any]] = []
    for position, sample in enumerate(dataset.samples):
        for box, label, crowd, area in zip(sample.boxes, sample.classes, sample.crowd, sample.areas, strict=True):
            x1, y1, x2, y2 = (float(value) for value in box)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": position,
                    "category_id": int(label) + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": float(area),
                    "iscrowd": int(crowd),
                }
            )
    truth = COCO()
    truth.dataset = {
        "images": [{"id": i, "width": s.width, "height": s.height} for i, s in enumerate(dataset.samples)],
        "categories": [{"id": i + 1, "name": name} for i, name in enumerate(dataset.classes)],
        "annotations": annotations,
    }
    with redirect_stdout(io.StringIO()):
        truth.createIndex()
    return truth


def score(truth: COCO, detections: Detections, max_det: int = 100) -> Scores:
    """Score detections by COCO's definition.

    Args:
        truth: From `ground_truth`; detections' labels are its class indices.
        detections: What to score; images are positions in the dataset.
        max_det: COCO counts the best 100 detections per image and class.
    """
    instances = sum(1 for annotation in truth.dataset["annotations"] if not annotation["iscrowd"])
    images = len(truth.dataset["images"])
    precision = precision_table(truth, detections, max_det)
    per_class = {
        label: value for label in range(precision.shape[2]) if (value := mean_ap(precision[:, :, label, 0])) is not None
    }
    return Scores(
        ap=mean_ap(precision[..., 0]),
        ap50=mean_ap(precision[0, ..., 0]),
        ap75=mean_ap(precision[5, ..., 0]),
        ap_small=mean_ap(precision[..., 1]),
        ap_medium=mean_ap(precision[..., 2]),
        ap_large=mean_ap(precision[..., 3]),
        per_class=per_class,
        images=images,
        instances=instances,
    )


def precision_table(truth: COCO, detections: Detections, max_det: int) -> NDArray[np.float64]:
    """Return pycocotools' precision (10 IoUs, 101 recalls, classes, 4 areas), -1 where undefined."""
    boxes = detections.box.astype(np.float64)
    boxes[:, 2:] -= boxes[:, :2]
    rows = np.column_stack([detections.image, boxes, detections.score, detections.label + 1.0])
    with redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(rows) if len(rows) else _no_results(truth), "bbox")
        evaluation.params.maxDets = [max_det]
        evaluation.evaluate()
        evaluation.accumulate()
    table: Any = evaluation.eval["precision"]
    return np.asarray(table[..., 0], dtype=np.float64)


def _no_results(truth: COCO) -> COCO:
    # loadRes() refuses an empty list, though a model may well find nothing.
    empty = COCO()
    empty.dataset = {**truth.dataset, "annotations": []}
    empty.createIndex()
    return empty


def mean_ap(precision: NDArray[np.float64]) -> float | None:
    """Return the mean over defined entries of a precision table, None if there are none."""
    defined = precision[precision > -1]
    return float(defined.mean()) if defined.size else None
