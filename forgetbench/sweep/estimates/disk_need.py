"""How much of the disk a plan's run takes, at most: counted from the plan, without training anything."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forgetbench.evaluate.variants import BATCHNORM, SCORED
from forgetbench.model.blank import STATE_CHECKPOINTS as STATE_CHECKPOINTS
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.record.due import checkpoint_epochs
from forgetbench.record.folder import RunFolder

#: Bytes of a detection in its file, and on its way there: image, class, score and four coordinates.
DETECTION_BYTES = 26
#: What a checkpoint and the detections of its networks take besides their numbers: names, hashes, rows of tables.
BESIDES_BYTES = 200_000
#: Charts, summary, manifest and annotations, of which the largest runs so far had less than half as much.
REST_BYTES = 8_000_000
#: A gradient norm in its record and in its table.
NORM_BYTES = 500
#: Endings of checkpoints, detections and states.
_LARGE = (".safetensors", ".pt")


@dataclass(frozen=True)
class ArmWork:
    """What one arm adds.

    Attributes:
        arm: Which one.
        share: Trainable share of the branch's parameters.
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
class DiskNeed:
    """Bytes on the disk, at most.

    Attributes:
        kept: What stays.
        training: Checkpoints, and two states to resume from, of which one is being written.
        scoring: All that is kept, and once more the detections of the largest pass, which are gathered first.
    """

    kept: int
    training: int
    scoring: int

    @property
    def most(self) -> int:
        """What there is at any time."""
        return max(self.training, self.scoring)


def disk_need(plan: Plan) -> DiskNeed:
    """Return what a plan's run takes of the disk in all."""
    checkpoints = detections = most_states = largest_pass = 0
    besides = REST_BYTES + _norms(plan) * NORM_BYTES
    target_images = len(plan.target.evaluate.samples)
    for model in plan.originals:
        arms = [arm for arm in plan.arms if arm.model == model]
        works = [work_of(plan, arm) for arm in arms]
        checkpoints += sum(work.checkpoints * work.checkpoint_bytes for work in works)
        besides += BESIDES_BYTES * sum(work.checkpoints for work in works)
        for seed in {arm.seed for arm in arms}:
            most_states = max(most_states, 2 * state_bytes(plan, [arm for arm in arms if arm.seed == seed]))
        passes = [
            DETECTION_BYTES * plan.settings().max_det * found
            for found in (target_scored(plan, works, target_images), reference_scored(plan, model, works))
        ]
        detections += sum(passes)
        largest_pass = max(largest_pass, *passes)
    kept = checkpoints + detections + besides
    return DiskNeed(kept, checkpoints + most_states + besides, kept + largest_pass)


def _norms(plan: Plan) -> int:
    """Return how many gradient norms are logged: of each module, so often in an epoch, for each arm."""
    logging, train = plan.suite.logging, plan.suite.train
    if not logging.gradients:
        return 0
    batches = math.ceil(len(plan.target_train.samples) / train.batch)
    steps = train.epochs * math.ceil(batches / logging.gradient_every)
    return steps * sum(plan.originals[arm.model].head + 1 for arm in plan.arms)


def disk_need_left(plan: Plan, folder: RunFolder) -> int:
    """Return how much a run still takes, if it goes on from what lies in its folder."""
    need, sessions = disk_need(plan), {(arm.model, arm.seed) for arm in plan.arms}
    trained = all((folder.session(*session) / "complete.json").is_file() for session in sessions)
    places = (folder.path / name for name in ("checkpoints", "detections", "sessions"))
    there = sum(path.lstat().st_size for place in places for path in place.rglob("*") if path.suffix in _LARGE)
    return max(0, (need.scoring if trained else need.most) - there)


def state_bytes(plan: Plan, arms: list[Arm]) -> int:
    """Return the size of the state that training of these arms together goes on from, at most."""
    return STATE_CHECKPOINTS * sum(plan.blank(arm).checkpoint_bytes(arm.freeze_point) for arm in arms)


def target_scored(plan: Plan, works: list[ArmWork], images: int) -> int:
    """Return how many images of the target networks are run on, each counted once per network."""
    return sum(work.checkpoints * len(plan.heads(work.arm.model)) * images for work in works)


def reference_scored(plan: Plan, model: str, works: list[ArmWork]) -> int:
    """Return how many images of the reference networks of a model are run on, each counted once per network."""
    networks = len(plan.heads(model)) + sum(work.reference_networks for work in works)
    return networks * len(plan.reference[model].samples)


def work_of(plan: Plan, arm: Arm) -> ArmWork:
    """Return what an arm adds to a plan's work."""
    epochs, cut = plan.suite.train.epochs, arm.freeze_point
    due = len(checkpoint_epochs(epochs, plan.suite.evaluation.every, epochs, diverged=False))
    below, head = adapted(plan, arm), plan.originals[arm.model].head
    # of the last checkpoint also the trunk with its statistics alone, its weights alone, and whole
    swapped = sum(variant not in SCORED for variant in BATCHNORM.values())
    of_batchnorm = swapped + (head not in below) if cut < head and plan.suite.evaluation.drift else 0
    return ArmWork(
        arm=arm,
        share=arm.recipe.trained_share,
        checkpoints=due,
        reference_networks=len(plan.heads(arm.model)) * (len(SCORED) * due * len(below) + of_batchnorm),
        checkpoint_bytes=plan.blank(arm).checkpoint_bytes(cut),
    )


def adapted(plan: Plan, arm: Arm) -> set[int]:
    """Return the attach points below which a checkpoint of an arm is not the original."""
    return {max(index, arm.freeze_point) for _, index in plan.attach_points(arm)} - {arm.freeze_point}
