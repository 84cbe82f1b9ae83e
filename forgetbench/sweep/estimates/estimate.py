"""What a plan will cost: counted work, and a rehearsal on a few images to turn it into time."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import torch

from forgetbench.device import to_device
from forgetbench.evaluate.scorers import ScorerName
from forgetbench.model.layers import count_flops
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.sweep.estimates.disk_need import ArmWork, adapted, disk_need, reference_scored, target_scored, work_of
from forgetbench.sweep.estimates.rehearsal import rehearse

#: A training step costs about this many forwards of the trained modules: forward, and backward twice as dear.
TRAINING_FORWARDS = 3.0
#: Each scorer's time per detection that may be found; measured at 0.4 to 0.9 and 25 to 55 microseconds.
SCORING_SECONDS: dict[ScorerName, float] = {"hotcoco": 7e-7, "pycocotools": 35e-6}
#: Charts, tables and summary.
REPORT_SECONDS = 2.5


@dataclass(frozen=True)
class Estimate:
    """A plan's work and its likely cost.

    Attributes:
        arms: Work per arm.
        target_networks, reference_networks: Distinct evaluations per dataset; the original counts among the latter.
        overhead_seconds: Start-up, reading data and weights, and the report.
        pretraining_seconds, training_seconds, evaluation_seconds, scoring_seconds: Likely time; pretraining is that of
            originals given as architectures and not trained before.
        disk_bytes: Likely size of checkpoints and detections, at most.
        disk_most_bytes: The same with what is there for a time only: states to resume from, detections being gathered.
    """

    arms: list[ArmWork]
    target_networks: int
    reference_networks: int
    overhead_seconds: float
    pretraining_seconds: float
    training_seconds: float
    evaluation_seconds: float
    scoring_seconds: float
    disk_bytes: int
    disk_most_bytes: int

    @property
    def seconds(self) -> float:
        """Likely time in all."""
        work = self.pretraining_seconds + self.training_seconds + self.evaluation_seconds + self.scoring_seconds
        return self.overhead_seconds + work


def estimate(plan: Plan, device: torch.device, began: float | None = None) -> Estimate:
    """Count a plan's work and estimate its time from a rehearsal of each model; nothing of it is kept.

    Args:
        plan: What would be done.
        device: Where.
        began: When this process began to read what a run reads as well, in seconds since the epoch: until now is taken
            for a run's start-up. By default the process's own start.
    """
    overhead = time.time() - (psutil.Process().create_time() if began is None else began) + REPORT_SECONDS
    suite, settings = plan.suite, plan.settings()
    works, references, scored = [], 0, 0
    pretraining = training = evaluation = 0.0
    train_images, target_images = len(plan.target_train.samples), len(plan.target.evaluate.samples)
    batches = math.ceil(train_images / suite.train.batch) * suite.train.epochs + 1  # the first takes twice as long
    for model, original in plan.originals.items():
        to_device(original.model, device)
        heads, reference_images = len(plan.heads(model)), len(plan.reference[model].samples)
        arms = [arm for arm in plan.arms if arm.model == model]
        mine = [work_of(plan, arm) for arm in arms]
        works += mine
        references += heads
        scored += target_scored(plan, mine, target_images) + reference_scored(plan, model, mine)

        together = [arm for arm in arms if arm.seed == arms[0].seed]
        seeds = len(arms) // len(together)
        cuts = [arm.freeze_point for arm in together]
        flops = count_flops(original.model, suite.train.imgsz)
        trained = TRAINING_FORWARDS * _trained_flops(plan, together, suite.train.imgsz) + sum(flops[: max(cuts)])
        flops = count_flops(original.model, settings.imgsz)
        evaluated = sum(flops) + _trained_flops(plan, together, settings.imgsz)
        took = rehearse(plan, together, device, training_flops=trained, evaluation_flops=evaluated)
        training += took.batch_seconds * batches * seeds
        evaluation += took.original_seconds * (target_images + reference_images)
        evaluation += took.target_seconds * target_images * mine[0].checkpoints * seeds
        of_an_epoch = heads * sum(len(adapted(plan, arm)) for arm in together)
        shares = sum(work.reference_networks for work in mine) / max(of_an_epoch, 1)
        evaluation += took.reference_seconds * reference_images * shares
        if suite.pretrain is not None and model in plan.untrained:
            flops = count_flops(original.model, suite.pretrain.imgsz or suite.train.imgsz)
            images = plan.untrained[model] * suite.pretrain.epochs
            pretraining += took.batch_seconds / suite.train.batch * TRAINING_FORWARDS * sum(flops) / trained * images
    targets = sum(work.checkpoints * len(plan.heads(work.arm.model)) for work in works)
    references += sum(work.reference_networks for work in works)
    scoring, disk = SCORING_SECONDS[suite.evaluation.scorer] * scored * settings.max_det, disk_need(plan)
    return Estimate(
        works, targets, references, overhead, pretraining, training, evaluation, scoring, disk.kept, disk.most
    )


def _trained_flops(plan: Plan, arms: Sequence[Arm], imgsz: int) -> int:
    """Return the operations of one image in the modules that arms train."""
    return sum(sum(plan.blank(arm).flops(imgsz)[arm.freeze_point :]) for arm in arms)
