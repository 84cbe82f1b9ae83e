"""Where the last checkpoints of a run have moved from the original: features, weights, BatchNorm statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from forgetbench.data.dataset import Sample
from forgetbench.derive.catalogue import table
from forgetbench.evaluate.changes import WeightChange, relative_change
from forgetbench.evaluate.feature_drift import MOST_IMAGES, FeatureDrift, feature_drift
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.places import batchnorm_of_checkpoint
from forgetbench.evaluate.variants import BATCHNORM
from forgetbench.model.parts import statistics_of
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.drift import BatchNormRow, DriftRow
from forgetbench.record.table_files import read_table
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.sweep.scoring import Scorable, Scorer
from forgetbench.sweep.train_sessions import scored_epochs

#: Most checkpoints that are looked at side by side; of each a minibatch's outputs are in memory.
MOST_TOGETHER = 8
_UNMEASURED, _UNCHANGED = FeatureDrift(None, None, 0), WeightChange(None, None, None)


@dataclass(frozen=True)
class _Last:
    """An arm's last checkpoint and its reference networks under attach = head, one per head."""

    arm: Arm
    epoch: int
    networks: list[Network]


def write_drift(plan: Plan, folder: RunFolder, device: torch.device, progress: Progress, most_bytes: float) -> None:
    """Write `drift.csv` and the rows that `batchnorm.csv` is made of, unless both are complete already.

    All checkpoints have been scored before.

    Args:
        plan, folder: The run.
        device: Where to compute.
        progress: Told what is going on.
        most_bytes: How much of checkpoints' modules may be in memory before those at hand are dealt with.
    """
    if _is_written(folder):
        return
    drifts: list[DriftRow] = []
    shares: list[BatchNormRow] = []
    for model in plan.originals:
        scorer = Scorer(plan, model, folder, device, progress)
        samples, settings = plan.reference[model].samples, plan.settings()
        arms = [arm for arm in plan.arms if arm.model == model]
        for together in _groups(plan, arms, folder, scorer, most_bytes):
            networks = list(dict.fromkeys(last.networks[0] for last in together))
            with progress.task(f"drift of {model}", min(len(samples), MOST_IMAGES), "image") as advance:
                on_batch: Callable[[int], None] = lambda done: advance(done, "")  # noqa: E731
                found = _feature_drift(scorer.store, networks, samples, settings, device, on_batch, progress)
            for last in together:
                drifts += _drift_rows(last, scorer.store, found[last.networks[0]])
            items = [pair for last in together for pair in _batchnorm_items(last, scorer.store)]
            scorer.evaluate([item for _, item in items if item])
            for row, item in items:
                file = folder.detections(scorer.key(item)).name if item else None
                shares.append(BatchNormRow(**row, ap=None, forgetting=None, low=None, high=None, detections=file))
            scorer.forget_modules()
    table("drift.csv").write(folder, drifts)
    table("batchnorm.csv").write(folder, shares)


def evaluate_for_drift(
    plan: Plan, arms: Sequence[Arm], folder: RunFolder, device: torch.device, progress: Progress, most_bytes: float
) -> None:
    """Evaluate what `write_drift` needs of some arms of one model, where that is not done there; not the original."""
    if _is_written(folder):
        return
    scorer = Scorer(plan, arms[0].model, folder, device, progress)
    for together in _groups(plan, arms, folder, scorer, most_bytes):
        items = (item for last in together for _, item in _batchnorm_items(last, scorer.store))
        scorer.evaluate(scorer.without_original(filter(None, items)))
        scorer.forget_modules()


def _is_written(folder: RunFolder) -> bool:
    """Tell whether both tables, and the detections that one of them names, are complete and unchanged."""
    all_hold = folder.journal.all_hold
    if not all_hold(map(folder.table, ("drift.csv", "batchnorm.csv"))):
        return False
    named = read_table(folder.table("batchnorm.csv"), BatchNormRow)["detections"].dropna().unique()
    return all_hold(map(folder.detections_called, named))


def _groups(
    plan: Plan, arms: Sequence[Arm], folder: RunFolder, scorer: Scorer, most_bytes: float
) -> Iterator[list[_Last]]:
    """Yield the last checkpoints of one model's arms, as many at once as there may be."""
    together: list[_Last] = []
    for arm in arms:
        for epoch in scored_epochs(plan, folder, arm)[-1:]:
            together.append(_Last(arm, epoch, scorer.adapted_networks(arm, epoch)))
        # each module becomes up to three: as trained, and with either part of it put back
        if len(together) == MOST_TOGETHER or 3 * scorer.module_bytes > most_bytes:
            yield together
            together = []
    if together:
        yield together


def _feature_drift(
    store: ModuleStore,
    networks: Sequence[Network],
    samples: Sequence[Sample],
    settings: EvaluationSettings,
    device: torch.device,
    on_batch: Callable[[int], None],
    progress: Progress,
) -> dict[Network, list[FeatureDrift]]:
    """Return networks' drift; in several passes where memory is short, unmeasured where one network is too much."""
    try:
        return feature_drift(store, networks, samples, settings, device, on_batch)
    except torch.OutOfMemoryError:
        if len(networks) == 1:
            progress.message("no room to compare features with the original's: drift is not measured", "warning")
            return {networks[0]: [_UNMEASURED] * (len(networks[0].modules) - 1)}
    half = len(networks) // 2
    parts = (networks[:half], networks[half:])
    return {
        network: found
        for part in parts
        for network, found in _feature_drift(store, part, samples, settings, device, on_batch, progress).items()
    }


def _drift_rows(last: _Last, store: ModuleStore, found: Sequence[FeatureDrift]) -> Iterator[DriftRow]:
    after = store.modules_of(last.networks[0])
    for index, before in enumerate(store.original.modules[:-1]):
        trains = index >= last.arm.freeze_point
        moved = found[index] if trains else _UNMEASURED
        change = relative_change(before, after[index]) if trains else _UNCHANGED
        yield DriftRow(
            arm=last.arm.name,
            model=last.arm.model,
            seed=last.arm.seed,
            epoch=last.epoch,
            module=f"model.{index}",
            kind=type(before).__name__,
            cka=moved.cka,
            distance=moved.distance,
            weight_change=change.weights,
            mean_change=change.means,
            variance_change=change.variances,
            images=moved.images or None,
        )


def _batchnorm_items(last: _Last, store: ModuleStore) -> Iterator[tuple[dict[str, Any], Scorable | None]]:
    """Yield the networks with only statistics or only weights adapted; None where an arm trains no BatchNorm."""
    own = store.original.modules[last.arm.freeze_point : -1]
    has_norms = any(statistics_of(module) for module in own)
    by_head = {network.head: network for network in last.networks}
    for head, adapted in batchnorm_of_checkpoint(list(by_head)):
        row: dict[str, Any] = {
            "model": last.arm.model,
            "arm": last.arm.name,
            "seed": last.arm.seed,
            "epoch": last.epoch,
            "head": head,
            "adapted": adapted,
        }
        variant = BATCHNORM[adapted]
        yield row, Scorable("reference", variant.network(store, by_head[head]), {}) if has_norms else None
