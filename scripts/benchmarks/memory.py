"""Whether memory stays flat while many checkpoints are evaluated on many images, and what scoring them takes.

scripts/bench memory [--checkpoints 40] [--images 5000]

Checkpoints are the shipped original with noise on everything from a freeze point on, so that no two are one network.
Images are 200 drawn ones under as many ids as asked for. Detections go to disk as in a run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil
import torch

from benchmarks.measure import bytes_under, progress_to_stderr
from benchmarks.table import MEBIBYTE, machine, rows
from forgetbench.data.shapes.world import draw_world
from forgetbench.device import keep_freed_memory, pick_device, use_all_cores
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.detections import load_detections, save_detections
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.passes import run_pass
from forgetbench.evaluate.spool import spooling
from forgetbench.model.branch import grow_branch
from forgetbench.model.original import Original, as_stored, load_original
from forgetbench.plan.models import SHIPPED
from forgetbench.suite.data_section import Data
from forgetbench.suite.evaluation import EvaluationSettings

DRAWN = 200
FREEZE_POINTS = (15, 10, 0)
#: At how many moments memory is read.
LOOKS = 10


def checkpoints(store: ModuleStore, count: int) -> list[Network]:
    """Return the networks that COCO is scored with for so many different checkpoints."""
    original: Original = store.original
    networks = []
    for number in range(count):
        point = FREEZE_POINTS[number % len(FREEZE_POINTS)]
        branch = grow_branch(original, point, original.classes, seed=0, cls_remap=False, pretrained=True)
        noise = torch.Generator().manual_seed(number)
        moved = {
            key: value * (1 + 0.01 * torch.randn(value.shape, generator=noise)) if key.endswith("weight") else value
            for key, value in branch.state().items()
        }
        owned = store.put_branch(point, branch.owned, as_stored(moved))
        networks.append(store.reference_network(point, owned, original.head, "one-to-many"))
    return networks


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench memory", description=str(__doc__))
    parser.add_argument("--checkpoints", type=int, default=40)
    parser.add_argument("--images", type=int, default=5000)
    given = parser.parse_args()
    use_all_cores()
    keep_freed_memory()
    say = progress_to_stderr("memory")
    drawn = draw_world(Data(format="shapes", world="general", evaluate_images=DRAWN), "evaluate")
    repeats = -(-given.images // DRAWN)
    dataset = replace(drawn, samples=(drawn.samples * repeats)[: given.images])
    store = ModuleStore(load_original(SHIPPED / "weights" / "yolov8p-shapes.safetensors"))
    networks = checkpoints(store, given.checkpoints)
    settings = EvaluationSettings(imgsz=128, shape="square", batch=16, conf=0.001, iou=0.7, max_det=300)
    process, seen = psutil.Process(), []
    due = [given.images * (look + 1) // LOOKS for look in range(LOOKS)]
    began = time.perf_counter()

    def look(done: int) -> None:
        if due and done >= due[0]:
            due.pop(0)
            seen.append((done, time.perf_counter() - began, process.memory_info().rss))
            say(f"{done} images, {seen[-1][1]:.0f} s, {seen[-1][2] / MEBIBYTE:.0f} MiB")

    with tempfile.TemporaryDirectory(prefix="forgetbench-memory-") as name:
        folder = Path(name)
        files = {network: folder / f"{number}.safetensors" for number, network in enumerate(networks)}
        with spooling(folder / "unfinished", networks) as spool:
            run_pass(store, networks, dataset, settings, pick_device("cpu"), spool.add, look)
            for network, path in files.items():
                save_detections(path, spool.read(network), {})
        truth, began = ground_truth(dataset), time.perf_counter()
        count = 0
        for path in files.values():
            detections, _ = load_detections(path)
            score(truth, detections)
            count += len(detections)
        scoring = time.perf_counter() - began
        after = process.memory_info().rss
        table = rows(
            ["images done", "s", "memory (RSS), MiB"], [[str(n), f"{s:.0f}", f"{m / MEBIBYTE:.0f}"] for n, s, m in seen]
        )
        each = count / len(networks) / given.images
        print(
            f"{machine()}\n\n{given.checkpoints} checkpoints, {given.images} images, {each:.0f} "
            f"detections an image, {bytes_under(folder) / MEBIBYTE:.0f} MiB of detections on disk.\n\n{table}\n\n"
            f"Scoring all took {scoring:.0f} s; memory after it {after / MEBIBYTE:.0f} MiB."
        )


if __name__ == "__main__":
    main()
