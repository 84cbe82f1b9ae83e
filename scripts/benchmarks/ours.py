"""Checkpoints through forgetbench's own evaluator and scorer, by library calls; also a process of its own.

python -m benchmarks.ours --weights yolov8n.pt --imgsz 640 --output FOLDER CHECKPOINT...
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from benchmarks.work import Work, find_reference
from forgetbench.data.dataset import Dataset
from forgetbench.device import keep_freed_memory, pick_device, use_all_cores
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.passes import evaluate
from forgetbench.model.branch import grow_branch
from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.model.original import Original, as_stored, load_original
from forgetbench.model.pickles import load_inert, tensors_of
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.suite.kinds import HeadMode

HEAD: HeadMode = "one-to-many"


def networks_of_pickle(store: ModuleStore, path: Path) -> tuple[Network, Network]:
    """Store a checkpoint that Ultralytics wrote; return its task network and the one that COCO is scored with."""
    model = load_inert(path)["ema"]
    classes = [str(name) for name in model.names.values()]
    # Ultralytics fine-tunes class stacks at the width they have in the original, as a branch grown off it does.
    template = grow_branch(store.original, 0, classes, seed=0, cls_remap=False, pretrained=True).owned
    owned = store.put_branch(0, template, as_stored(tensors_of(model)))
    return store.task_network(0, owned, HEAD), store.reference_network(0, owned, store.original.head, HEAD)


def reference_networks(store: ModuleStore, paths: Sequence[Path]) -> list[Network]:
    """Store checkpoints that forgetbench wrote; return the network that COCO is scored with for each."""
    networks = []
    template: nn.ModuleList | None = None
    for path in paths:
        info, tensors = load_checkpoint(path)
        if template is None:
            template = grow_branch(store.original, 0, info.classes, seed=0, cls_remap=False, pretrained=True).owned
        owned = store.put_branch(info.freeze_point, template[info.freeze_point :], tensors)
        networks.append(store.reference_network(info.freeze_point, owned, store.original.head, HEAD))
    return networks


def average_precisions(
    store: ModuleStore, networks: Sequence[Network], dataset: Dataset, settings: EvaluationSettings
) -> list[float]:
    """Return AP of each network, each distinct one run and scored once."""
    distinct = list(dict.fromkeys(networks))
    found = evaluate(store, distinct, dataset, settings, pick_device("cpu"))
    truth = ground_truth(dataset)
    known = {network: score(truth, detections).ap or 0.0 for network, detections in found.items()}
    return [known[network] for network in networks]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--imgsz", type=int, required=True)
    parser.add_argument("--reference-images", type=int)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    given = parser.parse_args()
    use_all_cores()
    keep_freed_memory()  # as a run does
    original: Original = load_original(given.weights)
    store = ModuleStore(original)
    networks = reference_networks(store, given.checkpoints)
    reference = find_reference(original, given.reference_images)
    scores = average_precisions(store, networks, reference, Work(imgsz=given.imgsz).settings())
    (given.output / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    print(f"{len(networks)} checkpoints, {len(set(networks))} distinct networks", flush=True)


if __name__ == "__main__":
    main()
