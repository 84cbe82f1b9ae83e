"""Training sessions of a run: what is written after every epoch, and going on from there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from forgetbench.analyse.tables import read_record
from forgetbench.files import write_json
from forgetbench.model.checkpoint import CheckpointInfo, save_checkpoint
from forgetbench.run.arms import Arm
from forgetbench.run.folder import RunFolder
from forgetbench.run.plan import Plan
from forgetbench.run.progress import Progress
from forgetbench.run.slowness import PaceWatch
from forgetbench.run.state import load_state, save_state
from forgetbench.train.session import EpochRecord, TrainingSession

#: Returns the target AP of an arm's checkpoint after an epoch.
TargetAP = Callable[[Arm, int], float | None]


def train_arms(
    plan: Plan,
    arms: list[Arm],
    folder: RunFolder,
    device: torch.device,
    progress: Progress,
    target_ap: TargetAP,
) -> None:
    """Train the arms of one model and seed together, resuming after the last complete epoch.

    After each epoch the due checkpoints are written, then the epoch's record, then the state to resume from; whatever a
    kill interrupts is done again from the same state, with the same outcome.
    """
    place = folder.session(arms[0].model, arms[0].seed)
    if (place / "complete.json").is_file():
        return
    original, suite = plan.originals[arms[0].model], plan.suite
    session = TrainingSession(
        original,
        {arm.name: arm.regime for arm in arms},
        plan.target_train,
        suite.train,
        seed=arms[0].seed,
        device=device,
        logging=suite.logging,
    )
    state_path = place / "state.pt"
    history: dict[str, list[float]] = {arm.name: [] for arm in arms}
    if state_path.is_file():
        state = load_state(state_path, device)
        session.restore(state["session"])
        history = state["history"]
        progress.message(f"resuming {place.name} after epoch {state['session']['epochs']}")
    weights_hash = original.weights_hash()
    total = session.batches * suite.train.epochs
    watch = PaceWatch("training", "batches", device, progress)
    with progress.task(
        f"training {len(arms)} branches of {original.name}, seed {arms[0].seed}", total, "batch"
    ) as advance:

        def on_batch(epoch: int, done: int) -> None:
            advance(epoch * session.batches + done, "")
            watch.done(done)

        for record in session.epochs(on_batch):
            for arm in arms:
                learner = session.learners[arm.name]
                trained = arm.name in record.losses
                last = suite.train.epochs if learner.stopped is None else record.epoch
                if trained and plan.due(record.epoch, last) and not learner.diverged:
                    info = CheckpointInfo(
                        arm.name, record.epoch, arm.freeze_point, weights_hash, plan.target_train.classes
                    )
                    save_checkpoint(folder.checkpoint(arm.name, record.epoch), info, learner.checkpoint_tensors())
                    patience = arm.regime.train.patience
                    # patience begins once all is unfrozen, else an arm could end as another than its schedule says
                    if patience and learner.stopped is None and record.epoch >= arm.regime.last_turn:
                        learner.stopped = _out_of_patience(history[arm.name], target_ap(arm, record.epoch), patience)
            write_json(place / f"epoch-{record.epoch:03d}.json", _recorded(record))
            save_state(state_path, {"session": session.state(), "history": history})
            advance(record.epoch * session.batches, _losses(record))
            for name, parts in record.losses.items():
                shown = ", ".join(f"{part} {value:.3f}" for part, value in parts.items())
                progress.message(f"epoch {record.epoch}, {name}: {shown}", "detail")
    write_json(
        place / "complete.json",
        {
            name: {"stopped": learner.stopped, "skipped_steps": learner.skipped_steps, "steps": learner.steps}
            for name, learner in session.learners.items()
        },
    )
    state_path.unlink(missing_ok=True)


def scored_epochs(plan: Plan, folder: RunFolder, arm: Arm) -> list[int]:
    """Return the epochs of an arm's checkpoints, in order."""
    epochs = range(1, plan.suite.train.epochs + 1)
    return [epoch for epoch in epochs if folder.checkpoint(arm.name, epoch).is_file()]


def outcome(folder: RunFolder, arm: Arm) -> dict[str, Any]:
    """Return how an arm's training ended: why it stopped early, and how many steps it took and left out."""
    ended: dict[str, Any] = read_record(folder.session(arm.model, arm.seed) / "complete.json")[arm.name]
    return ended


def _out_of_patience(history: list[float], ap: float | None, patience: int) -> str | None:
    history.append(0.0 if ap is None else ap)
    since_best = len(history) - 1 - history.index(max(history))
    return f"no better target AP in {patience} evaluations" if since_best >= patience else None


def _losses(record: EpochRecord) -> str:
    return "loss " + " ".join(f"{sum(parts.values()):.2f}" for parts in record.losses.values())


def _recorded(record: EpochRecord) -> dict[str, Any]:
    """Return a record as JSON; a value that is not finite becomes text, which JSON has no number for."""
    return _finite_json(asdict(record))  # type: ignore[no-any-return]


def _finite_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite_json(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
