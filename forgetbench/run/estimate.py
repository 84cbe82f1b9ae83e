"""What a plan will cost: counted work, and one measured forward to turn it into time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from forgetbench.device import image_batch, synchronise, to_device
from forgetbench.evaluate.scorers import ScorerName
from forgetbench.model import yolo
from forgetbench.model.layers import count_flops
from forgetbench.model.original import Original
from forgetbench.run.arms import Arm
from forgetbench.run.plan import Plan

#: A training step costs about this many forwards of the trained modules: forward, and backward twice as dear.
TRAINING_FORWARDS = 3.0
#: Each scorer's time per detection that may be found; measured at 0.4 to 0.9 and 25 to 55 microseconds.
SCORING_SECONDS: dict[ScorerName, float] = {"hotcoco": 7e-7, "pycocotools": 35e-6}
#: Bytes of a detection in its file: image, class, score and four coordinates.
DETECTION_BYTES = 26


@dataclass(frozen=True)
class ArmWork:
    """What one arm adds.

    Attributes:
        arm: Which one.
        share: Trainable share of the original's parameters.
        checkpoints: Scored epochs.
        reference_networks: Distinct networks scored on the reference data, beyond those other arms need anyway.
        checkpoint_bytes: Size of one checkpoint.
    """

    arm: Arm
    share: float
    checkpoints: int
    reference_networks: int
    checkpoint_bytes: int


@dataclass(frozen=True)
class Estimate:
    """A plan's work and its likely cost.

    Attributes:
        arms: Work per arm.
        target_networks, reference_networks: Distinct evaluations per dataset; the original counts among the latter.
        pretraining_seconds, training_seconds, evaluation_seconds, scoring_seconds: Likely time; pretraining is that of
            originals given as architectures and not trained before.
        disk_bytes: Likely size of checkpoints and detections, at most.
    """

    arms: list[ArmWork]
    target_networks: int
    reference_networks: int
    pretraining_seconds: float
    training_seconds: float
    evaluation_seconds: float
    scoring_seconds: float
    disk_bytes: int

    @property
    def seconds(self) -> float:
        """Likely time in all."""
        return self.pretraining_seconds + self.training_seconds + self.evaluation_seconds + self.scoring_seconds


def estimate(plan: Plan, device: torch.device) -> Estimate:
    """Count a plan's work and estimate its time from one measured forward per model; nothing is trained."""
    suite, settings = plan.suite, plan.settings()
    epochs = suite.train.epochs
    due = sum(1 for epoch in range(1, epochs + 1) if plan.due(epoch, epochs))
    works, pretraining, training, evaluation, scored, disk = [], 0.0, 0.0, 0.0, 0, 0
    targets = references = 0
    train_images, target_images = len(plan.target_train.samples), len(plan.target.evaluate.samples)
    for model, original in plan.originals.items():
        heads = len(plan.heads(model))
        train_flops = count_flops(original, suite.train.imgsz)
        eval_flops = count_flops(original, settings.imgsz)
        rate = seconds_per_flop(original, settings.imgsz, settings.batch, device)
        reference_images = len(plan.reference[model].samples)
        arms = [arm for arm in plan.arms if arm.model == model]
        sizes = [sum(p.numel() for p in module.parameters()) for module in original.modules]
        references += heads
        scored += reference_images * heads
        if suite.pretrain is not None and model in plan.untrained:
            flops = sum(count_flops(original, suite.pretrain.imgsz or suite.train.imgsz))
            pretraining += rate * TRAINING_FORWARDS * flops * plan.untrained[model] * suite.pretrain.epochs
        evaluation += rate * sum(eval_flops) * reference_images * heads
        for arm in arms:
            cut = arm.freeze_point
            adapted = {max(index, cut) for _, index in plan.attach_points(arm)} - {cut}
            networks = due * heads
            works.append(
                ArmWork(
                    arm=arm,
                    share=arm.regime.trained_share,
                    checkpoints=due,
                    reference_networks=networks * len(adapted),
                    checkpoint_bytes=2 * sum(sizes[cut:]),
                )
            )
            targets += networks
            references += networks * len(adapted)
            training += rate * TRAINING_FORWARDS * sum(train_flops[cut:]) * train_images * epochs
            evaluation += rate * sum(eval_flops[cut:]) * target_images * networks
            evaluation += rate * sum(eval_flops[cut:]) * reference_images * networks * len(adapted)
            scored += networks * (target_images + reference_images * len(adapted))
            disk += due * 2 * sum(sizes[cut:])
        for seed in {arm.seed for arm in arms}:
            deepest = max(arm.freeze_point for arm in arms if arm.seed == seed)
            training += rate * sum(train_flops[:deepest]) * train_images * epochs
    found = scored * settings.max_det
    disk += DETECTION_BYTES * found
    scoring = SCORING_SECONDS[suite.evaluation.scorer] * found
    return Estimate(works, targets, references, pretraining, training, evaluation, scoring, disk)


def seconds_per_flop(original: Original, imgsz: int, batch: int, device: torch.device) -> float:
    """Return measured seconds per floating point operation of one forward of the original (the best of two)."""
    to_device(original.model, device)
    images = image_batch(torch.zeros(batch, 3, imgsz, imgsz, dtype=torch.uint8), device)
    flops = sum(count_flops(original, imgsz)) * batch
    took = []
    with torch.inference_mode():
        for _ in range(2):
            synchronise(device)
            began = time.perf_counter()
            yolo.run_modules(original.modules, {}, images, yolo.saved_indices(original.model))
            synchronise(device)
            took.append(time.perf_counter() - began)
    return min(took) / flops
