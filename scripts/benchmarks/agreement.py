"""Whether identical weights get identical AP: what the scripts' detections score, against forgetbench's evaluator."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import Score, command, reported_scores, script_environment
from benchmarks.measure import run_measured
from benchmarks.ours import average_precisions, networks_of_pickle
from benchmarks.work import Inputs, Work, Written
from forgetbench.data.dataset import Dataset
from forgetbench.device import use_all_cores
from forgetbench.evaluate.average_precision import ground_truth, mean_ap
from forgetbench.evaluate.networks import ModuleStore, Network

ROLES = ("target", "reference")


@dataclass(frozen=True)
class Pair:
    """AP of the same weights on the same images, by one of the scripts and by forgetbench, as fractions."""

    script: str
    freeze_point: int
    epoch: int
    role: str
    theirs: float
    ours: float

    @property
    def difference(self) -> float:
        """How far apart the two are."""
        return abs(self.theirs - self.ours)


def largest(pairs: Sequence[Pair]) -> Pair:
    """Return the pair that is furthest apart."""
    return max(pairs, key=lambda pair: pair.difference)


def compare(
    work: Work, inputs: Inputs, written: Written, plain: Path, tuned: Path, say: Callable[[str], None]
) -> list[Pair]:
    """Evaluate the scripts' checkpoints with forgetbench.

    All that the tuned script scored, against what it reported; and the plain script's last ones, against pycocotools on
    the detections that a further validation writes (the AP that Ultralytics prints is another metric).

    Args:
        work, inputs, written: What was done.
        plain, tuned: Folders that the scripts wrote.
        say: Told what is going on.
    """
    say("validating the plain script's last checkpoints once more, with their detections written")
    theirs = [("plain", score) for score in _scored_predictions(work, inputs, written, plain, say)]
    theirs += [("tuned", score) for score in reported_scores("tuned", tuned)]
    say(f"evaluating {len(theirs)} of the scripts' scores again with forgetbench")
    use_all_cores()
    store = ModuleStore(inputs.original)
    folders = {"plain": plain, "tuned": tuned}
    networks: dict[tuple[str, int, int], tuple[Network, Network]] = {}
    for script, score in theirs:
        place = (script, score.freeze_point, score.epoch)
        if place not in networks:
            path = folders[script] / f"freeze{score.freeze_point}" / "weights" / f"epoch{score.epoch - 1}.pt"
            networks[place] = networks_of_pickle(store, path)
    pairs = []
    for role, dataset in zip(ROLES, (inputs.target, inputs.reference), strict=True):
        wanted = [(script, score) for script, score in theirs if score.role == role]
        mine = [networks[script, score.freeze_point, score.epoch][ROLES.index(role)] for script, score in wanted]
        scored = average_precisions(store, mine, dataset, work.settings())
        pairs += [
            Pair(script, score.freeze_point, score.epoch, role, score.ap, ap)
            for (script, score), ap in zip(wanted, scored, strict=True)
        ]
    return pairs


def _scored_predictions(
    work: Work, inputs: Inputs, written: Written, plain: Path, say: Callable[[str], None]
) -> list[Score]:
    shutil.rmtree(plain / "predictions", ignore_errors=True)
    program = [
        part.replace("benchmarks.plain", "benchmarks.predictions") for part in command("plain", work, written, plain)
    ]
    run_measured(program, plain / "predictions.log", script_environment(plain / "ultralytics"), say)
    scores = []
    for role, dataset in zip(ROLES, (inputs.target, inputs.reference), strict=True):
        for freeze in work.freeze_points:
            path = plain / "predictions" / f"{role}-{freeze}" / "predictions.json"
            found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
            scores.append(Score(freeze, work.epochs, role, coco_ap(dataset, found)))
    return scores


def coco_ap(dataset: Dataset, found: list[dict[str, Any]]) -> float:
    """Return pycocotools' AP of detections in COCO's JSON form, images numbered by position and categories from 1."""
    if not found:  # Ultralytics writes no file then
        return 0.0
    rows = [[each["image_id"], *each["bbox"], each["score"], each["category_id"]] for each in found]
    return mean_ap(ground_truth(dataset, "pycocotools").precision(np.array(rows, dtype=np.float64), 100)[..., 0]) or 0.0
