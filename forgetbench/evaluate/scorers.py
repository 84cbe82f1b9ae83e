"""The two scorers that know COCO's definition of precision, behind one interface.

pycocotools is the reference. hotcoco equals it to the last bit at a hundredth of the time and a tenth of the memory
(docs/benchmarks.md), so it is the default, and the tests hold it against pycocotools.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from contextlib import redirect_stdout
from importlib import metadata
from typing import Any, Literal

import hotcoco
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from forgetbench.data.dataset import Dataset

ScorerName = Literal["hotcoco", "pycocotools"]

#: TIDE's error types and what they are called in its paper.
ERROR_TYPES = {
    "classification": "Cls",
    "localisation": "Loc",
    "both": "Both",
    "duplicate": "Dupe",
    "background": "Bkg",
    "missed": "Miss",
}


class GroundTruth(ABC):
    """A dataset's annotations in a scorer's own form, to score any number of detections against.

    Image ids are positions in the dataset, category ids class indices plus one, annotation ids count from one.

    Attributes:
        images: Number of images.
        instances: Number of annotated boxes that are no crowd regions.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.images = len(dataset.samples)
        self.instances = sum(int((~sample.crowd).sum()) for sample in dataset.samples)

    def precision(self, rows: NDArray[np.float64], max_det: int) -> NDArray[np.float64]:
        """Return precision (10 IoUs, 101 recalls, classes, 4 areas), -1 where there are no instances.

        Args:
            rows: (n, 7): image id, x, y, width, height in pixels, score, category id. Equal scores keep their order.
            max_det: Best detections counted per image and class.
        """
        with redirect_stdout(io.StringIO()):  # pycocotools tells what it does
            evaluation = self.evaluation(rows)
            evaluation.params.maxDets = [max_det]
            evaluation.evaluate()
            evaluation.accumulate()
        return np.asarray(evaluation.eval["precision"][..., 0], dtype=np.float64)

    @abstractmethod
    def evaluation(self, rows: NDArray[np.float64]) -> Any:
        """Return the scorer's COCOeval of these rows."""


class Hotcoco(GroundTruth):
    """Ground truth for hotcoco, which takes and keeps columns."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        samples = dataset.samples
        self._truth = hotcoco.COCO.from_arrays(
            _images(dataset),
            _categories(dataset),
            np.repeat(np.arange(len(samples)), [len(sample.boxes) for sample in samples]),
            np.concatenate([np.zeros(0, np.int64), *(sample.classes for sample in samples)]) + 1,
            np.concatenate([np.zeros((0, 4)), *(_xywh(sample.boxes) for sample in samples)]),
            area=np.concatenate([np.zeros(0), *(sample.areas for sample in samples)]),
            iscrowd=np.concatenate([np.zeros(0, np.int64), *(sample.crowd for sample in samples)]),
        )

    def evaluation(self, rows: NDArray[np.float64]) -> Any:
        """Return the scorer's COCOeval of these rows."""
        return hotcoco.COCOeval(self._truth, self._truth.load_res(rows), "bbox")

    def error_types(self, rows: NDArray[np.float64], max_det: int) -> dict[str, float]:
        """Return TIDE's error types (Bolya et al. 2020): by how much AP50 would rise without errors of each type.

        Args:
            rows, max_det: As `precision` takes them.
        """
        evaluation = self.evaluation(rows)
        evaluation.params.maxDets = [max_det]
        evaluation.evaluate()
        found = evaluation.tide_errors(pos_thr=0.5, bg_thr=0.1)["delta_ap"]
        return {name: float(found[key]) for name, key in ERROR_TYPES.items()}


class Pycocotools(GroundTruth):
    """Ground truth for pycocotools, which makes a mapping of every box and detection."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        annotations: list[dict[str, Any]] = []
        for position, sample in enumerate(dataset.samples):
            boxes = _xywh(sample.boxes).tolist()
            for box, label, crowd, area in zip(boxes, sample.classes, sample.crowd, sample.areas, strict=True):
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": position,
                        "category_id": int(label) + 1,
                        "bbox": box,
                        "area": float(area),
                        "iscrowd": int(crowd),
                    }
                )
        self._truth = self._indexed(dataset, annotations)
        # loadRes() refuses an empty list, though a model may well find nothing
        self._no_results = self._indexed(dataset, [])

    @staticmethod
    def _indexed(dataset: Dataset, annotations: list[dict[str, Any]]) -> COCO:
        truth = COCO()
        truth.dataset = {
            "images": _images(dataset),
            "categories": _categories(dataset),
            "annotations": annotations,
        }
        with redirect_stdout(io.StringIO()):
            truth.createIndex()
        return truth

    def evaluation(self, rows: NDArray[np.float64]) -> Any:
        """Return the scorer's COCOeval of these rows."""
        return COCOeval(self._truth, self._truth.loadRes(rows) if len(rows) else self._no_results, "bbox")


SCORERS: dict[ScorerName, type[GroundTruth]] = {"hotcoco": Hotcoco, "pycocotools": Pycocotools}


def scorer_version(scorer: ScorerName) -> str:
    """Return a scorer's name and version."""
    return f"{scorer} {metadata.version(scorer)}"


def overlaps(found: NDArray[np.floating], boxes: NDArray[np.floating], crowd: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return IoU (n, m) of found and annotated boxes, all xyxy; of a crowd region, over the found box's own area."""
    return np.reshape(mask.iou(_xywh(found), _xywh(boxes), crowd.astype(np.uint8)), (len(found), len(boxes)))


def _images(dataset: Dataset) -> list[dict[str, Any]]:
    return [{"id": i, "width": s.width, "height": s.height} for i, s in enumerate(dataset.samples)]


def _categories(dataset: Dataset) -> list[dict[str, Any]]:
    return [{"id": i + 1, "name": name} for i, name in enumerate(dataset.classes)]


def _xywh(boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    boxes = boxes.astype(np.float64)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
