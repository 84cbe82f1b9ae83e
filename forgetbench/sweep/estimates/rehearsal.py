"""A rehearsal: a run's own steps on a few of its own images, timed; its results are discarded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice, pairwise
from statistics import median

import torch

from forgetbench.data.dataset import Dataset
from forgetbench.device import compute_workers
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.passes import MOST_EACH, run_pass
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.sweep.scoring import networks_of
from forgetbench.train.image_sides import smallest_side, stride_of
from forgetbench.train.session import TrainingSession

#: Batches and rounds of images that are timed, after one that is not.
TIMED = 3
#: A rehearsed batch is smaller than the suite's where it would take more operations than this, by type of device.
AFFORDABLE = {"cpu": 3e11, "cuda": 3e13}


@dataclass(frozen=True)
class Rehearsal:
    """What parts of a run of one model took.

    Attributes:
        batch_seconds: Training all its arms of one seed on one batch, loading included.
        original_seconds: Evaluating the original on one reference image, decoding included.
        target_seconds, reference_seconds: What the checkpoints of one epoch add to that, per image of either dataset.
    """

    batch_seconds: float
    original_seconds: float
    target_seconds: float
    reference_seconds: float


def rehearse(
    plan: Plan, arms: Sequence[Arm], device: torch.device, *, training_flops: float, evaluation_flops: float
) -> Rehearsal:
    """Train arms of one model and seed on a few batches, evaluate what came of them on a few images, and time both.

    Args:
        plan: What is going to be run.
        arms: Of one model and one seed; their originals and data stay as they are.
        device: Where to compute.
        training_flops, evaluation_flops: Operations per image of all arms, in training and in one epoch's evaluation.
    """
    affordable = AFFORDABLE.get(device.type, AFFORDABLE["cpu"])
    original, train = plan.originals[arms[0].model], plan.suite.train
    stride = stride_of(original)
    # one image on maps of a single place would leave BatchNorm one value, which the suite's own batches do not
    least = min(train.batch, 1 if smallest_side(train, stride) > stride else 2)
    batch = max(least, min(train.batch, int(affordable / training_flops)))
    session = TrainingSession(
        original,
        {arm.name: arm.recipe for arm in arms},
        first_images(plan.target_train, (1 + TIMED) * batch),
        train.model_copy(update={"batch": batch, "epochs": 1}),
        seed=arms[0].seed,
        device=device,
        logging=plan.suite.logging.model_copy(update={"memory": False}),
    )
    ends: list[float] = []
    for _ in session.epochs(lambda _epoch, _done: ends.append(time.perf_counter())):
        pass
    batch_seconds = median(after - before for before, after in pairwise(ends)) * train.batch / batch

    store = ModuleStore(original)
    originals = [store.original_network(head) for head in plan.heads(arms[0].model)]
    due: dict[str, set[Network]] = {"target": set(), "reference": set(originals)}
    for arm in arms:
        learner = session.learners[arm.name]
        owned = store.put_branch(arm.freeze_point, learner.branch.owned, learner.checkpoint_tensors())
        for place, network in networks_of(plan, store, arm, owned):
            due[place.role].add(network)

    settings = plan.settings()
    if settings.batch > 1 and evaluation_flops * MOST_EACH * compute_workers(device) > affordable:
        settings = replace(settings, batch=compute_workers(device))
    datasets = plan.target.evaluate, plan.reference[arms[0].model]
    alone = [_pass_seconds(store, originals, data, settings, device) for data in datasets]
    full = [
        _pass_seconds(store, sorted(networks, key=Network.key), data, settings, device)
        for networks, data in zip(due.values(), datasets, strict=True)
    ]
    added = [max(0.0, after - before) for after, before in zip(full, alone, strict=True)]
    return Rehearsal(batch_seconds, alone[1], *added)


def _pass_seconds(
    store: ModuleStore,
    networks: Sequence[Network],
    dataset: Dataset,
    settings: EvaluationSettings,
    device: torch.device,
) -> float:
    """Return the seconds per image that a pass takes once it is under way."""
    workers = compute_workers(device)
    round_of = settings.batch if workers == 1 else workers * min(settings.batch // workers or 1, MOST_EACH)
    ends: dict[int, float] = {}
    run_pass(
        store,
        networks,
        first_images(dataset, (1 + TIMED) * round_of),
        settings,
        device,
        lambda _network, _found: None,
        lambda done: ends.update({done: time.perf_counter()}),
    )
    first = min(end for done, end in ends.items() if done >= round_of)
    return (max(ends.values()) - first) / (TIMED * round_of)


def first_images(dataset: Dataset, images: int) -> Dataset:
    """Return the first images of a dataset, from the start again where it has fewer."""
    return replace(dataset, samples=tuple(islice(cycle(dataset.samples), images)))
