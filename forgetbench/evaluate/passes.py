"""One pass over a dataset for many networks: decode once, run every shared prefix once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue

import torch
from torch import Tensor

from forgetbench.data.dataset import Dataset
from forgetbench.device import compute_workers, decoding_threads, image_batch, suppresses_together
from forgetbench.evaluate.detections import Detections, ImageRows, gather
from forgetbench.evaluate.letterbox import ImageBatch, batches
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.nms import select, suppress
from forgetbench.evaluate.nms_together import suppress_together
from forgetbench.evaluate.tree import Segment, build_tree, copy_for_thread, walk
from forgetbench.evaluate.workers import side_by_side
from forgetbench.model import yolo
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.suite.kinds import HeadMode

#: Most images that one of several workers takes at once: more are no faster on a CPU and take memory.
MOST_EACH = 2
#: What one network found on one batch, and what takes it.
Found = tuple[Network, list[ImageRows]]
Take = Callable[[Network, list[ImageRows]], None]


def run_pass(
    store: ModuleStore,
    networks: Sequence[Network],
    dataset: Dataset,
    settings: EvaluationSettings,
    device: torch.device,
    take: Take,
    on_batch: Callable[[int], None] | None = None,
) -> None:
    """Detect with every network on every image of a dataset, and hand the detections over batch by batch.

    Each batch is decoded once and walked through the tree of the networks' leading modules: a module that several
    networks start with runs once. On a CPU workers share a batch and walk side by side, so that work for one core
    alone, suppression above all, does not hold up the others. Memory does not grow with the number of images.

    Args:
        store: Holds the networks' modules.
        networks: Different networks whose modules the store holds.
        dataset: Images to run on.
        settings: Image size, thresholds and limits.
        device: Where to run.
        take: Called for each batch and network, from this thread. Batches hold images of one canvas, so they are not in
            dataset order.
        on_batch: Called with the number of images done so far.
    """
    tree = build_tree(store, networks, settings.max_det, device)
    stride = max(yolo.strides_of(store.original.model))
    workers = compute_workers(device)
    images = batches(
        dataset.samples,
        imgsz=settings.imgsz,
        stride=stride,
        shape=settings.shape,
        batch=settings.batch if workers == 1 else max(1, min(settings.batch // workers, MOST_EACH)),
        threads=decoding_threads(device),
    )
    trees: SimpleQueue[tuple[Segment, ...]] = SimpleQueue()
    for _ in range(workers):
        trees.put(copy_for_thread(tree))

    def work(batch: ImageBatch) -> tuple[int, list[Found]]:
        tree = trees.get()
        try:
            with torch.inference_mode():
                return len(batch.indices), list(_found(tree, batch, settings, device))
        finally:
            trees.put(tree)

    done = 0
    for count, batch_found in side_by_side(work, images, workers):
        for network, found in batch_found:
            take(network, found)
        done += count
        if on_batch is not None:
            on_batch(done)


def _found(
    tree: Sequence[Segment], batch: ImageBatch, settings: EvaluationSettings, device: torch.device
) -> Iterator[Found]:
    """Yield what each network finds on a batch, in pixels of the original images."""
    for network, predictions in walk(tree, image_batch(batch.pixels, device)):
        boxes = _boxes(predictions, network.head, settings, together=suppresses_together(device))
        found: list[ImageRows] = []
        for index, letterbox, rows in zip(batch.indices, batch.letterboxes, boxes, strict=True):
            rows = torch.cat([letterbox.to_original(rows[:, :4]), rows[:, 4:]], dim=1)
            found.append((index, rows.cpu().numpy()))
        yield network, found


def _boxes(predictions: Tensor, head: HeadMode, settings: EvaluationSettings, *, together: bool) -> list[Tensor]:
    """Return each image's detections; `together`, they are on the host, which waited for all of them once."""
    if predictions.shape[-1] == 6 and head == "one-to-one":
        return select(predictions.cpu() if together else predictions, conf=settings.conf, max_det=settings.max_det)
    chosen = suppress_together if together else suppress
    return chosen(predictions, conf=settings.conf, iou=settings.iou, max_det=settings.max_det)


def evaluate(
    store: ModuleStore,
    networks: Sequence[Network],
    dataset: Dataset,
    settings: EvaluationSettings,
    device: torch.device,
) -> dict[Network, Detections]:
    """Return every network's detections on every image of a dataset; `run_pass` for few enough to be held in memory."""
    parts: dict[Network, list[ImageRows]] = {network: [] for network in networks}
    run_pass(store, networks, dataset, settings, device, lambda network, found: parts[network].extend(found))
    return {network: gather(found) for network, found in parts.items()}
