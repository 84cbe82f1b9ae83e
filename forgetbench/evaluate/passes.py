"""One pass over a dataset for many networks: decode once, run every shared prefix once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from forgetbench.data.dataset import Dataset
from forgetbench.device import image_batch
from forgetbench.evaluate.detections import Detections, ImageRows, gather
from forgetbench.evaluate.images import Shape, batches
from forgetbench.evaluate.networks import HeadMode, ModuleShelf, Network
from forgetbench.evaluate.nms import select, suppress
from forgetbench.evaluate.tree import plant, walk
from forgetbench.model import yolo


@dataclass(frozen=True)
class EvaluationSettings:
    """Everything besides the network and the data that decides detections.

    Attributes:
        imgsz: Longer side of the resized image in pixels.
        shape: `rect` or `square` canvas.
        batch: Images per forward.
        conf, iou, max_det: Score threshold, suppression overlap, most detections per image.
    """

    imgsz: int
    shape: Shape
    batch: int
    conf: float
    iou: float
    max_det: int


#: Takes what one network found on one batch.
Take = Callable[[Network, list[ImageRows]], None]


def run_pass(
    shelf: ModuleShelf,
    networks: Sequence[Network],
    dataset: Dataset,
    settings: EvaluationSettings,
    device: torch.device,
    take: Take,
    on_batch: Callable[[int], None] | None = None,
) -> None:
    """Give every network's detections on every image of a dataset away, batch by batch.

    Each batch is decoded once and walked through the tree of the networks' leading modules: a module that several
    networks start with runs once. Memory does not grow with the number of images.

    Args:
        shelf: Holds the networks' modules.
        networks: Different networks off the shelf.
        dataset: Images to run on.
        settings: Image size, thresholds and limits.
        device: Where to run.
        take: Called for each batch and network. Batches hold images of one canvas, so they are not in dataset order.
        on_batch: Called with the number of images done so far.
    """
    stretches = plant(shelf, networks, settings.max_det, device)
    stride = max(yolo.strides_of(shelf.original.model))
    done = 0
    with torch.inference_mode():
        for batch in batches(
            dataset.samples, imgsz=settings.imgsz, stride=stride, shape=settings.shape, batch=settings.batch
        ):
            for network, predictions in walk(stretches, image_batch(batch.pixels, device)):
                found: list[ImageRows] = []
                boxes = _boxes(predictions, network.head, settings)
                for index, letterbox, rows in zip(batch.indices, batch.letterboxes, boxes, strict=True):
                    rows = torch.cat([letterbox.to_original(rows[:, :4]), rows[:, 4:]], dim=1)
                    found.append((index, rows.cpu().numpy()))
                take(network, found)
            done += len(batch.indices)
            if on_batch is not None:
                on_batch(done)


def _boxes(predictions: Tensor, head: HeadMode, settings: EvaluationSettings) -> list[Tensor]:
    if predictions.shape[-1] == 6 and head == "one-to-one":
        return select(predictions, conf=settings.conf, max_det=settings.max_det)
    return suppress(predictions, conf=settings.conf, iou=settings.iou, max_det=settings.max_det)


def evaluate(
    shelf: ModuleShelf,
    networks: Sequence[Network],
    dataset: Dataset,
    settings: EvaluationSettings,
    device: torch.device,
) -> dict[Network, Detections]:
    """Return every network's detections on every image of a dataset; `run_pass` for few enough to be held in memory."""
    parts: dict[Network, list[ImageRows]] = {network: [] for network in networks}
    run_pass(shelf, networks, dataset, settings, device, lambda network, found: parts[network].extend(found))
    return {network: gather(found) for network, found in parts.items()}
