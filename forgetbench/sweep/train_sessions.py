"""Training the arms of a run, written after every epoch and resumed from there."""

from __future__ import annotations

from collections.abc import Callable

import torch

from forgetbench.model.checkpoint import CheckpointInfo, save_checkpoint
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.plan.slowness import PaceWatch
from forgetbench.progress import Progress
from forgetbench.record.due import is_due
from forgetbench.record.endings import out_of_patience
from forgetbench.record.folder import RunFolder
from forgetbench.room import require_room
from forgetbench.sweep.disk_need import STATE_CHECKPOINTS, state_bytes
from forgetbench.sweep.session_files import SessionFiles, epochs_kept
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
    kill interrupts is done again from the same state, with the same outcome. Where any of these files is
    missing or has changed, all of them are made again.

    Raises:
        RunError: there is not enough room for what an epoch leaves; what was trained before is there.
    """
    kept = SessionFiles(plan.suite, arms, folder)
    if kept.are_complete():
        return
    original, suite = plan.originals[arms[0].model], plan.suite
    session = TrainingSession(
        original,
        {arm.name: arm.recipe for arm in arms},
        plan.target_train,
        suite.train,
        seed=arms[0].seed,
        device=device,
        logging=suite.logging,
    )
    history: dict[str, list[float]] = {arm.name: [] for arm in arms}
    state = kept.state(device)
    if state is None:
        if kept.begun:
            progress.message(f"training {kept.place.name} again from the start", "warning")
        kept.clear()
    else:
        session.restore(state["session"])
        history = state["history"]
        progress.message(f"resuming {kept.place.name} after epoch {state['session']['epochs']}")
    # of an epoch a state and checkpoints are written, a state being the larger by far
    next_bytes = state_bytes(plan, arms) * (STATE_CHECKPOINTS + 1) // STATE_CHECKPOINTS

    def enough_room() -> None:
        require_room(folder.path, next_bytes, "the weights after an epoch and the state to resume from")

    weights_hash = original.weights_hash()
    total = session.batches * suite.train.epochs
    watch = PaceWatch("training", "batches", device, progress)
    with progress.task(
        f"training {len(arms)} branches of {original.name}, seed {arms[0].seed}", total, "batch"
    ) as advance:

        def on_batch(epoch: int, done: int) -> None:
            advance(epoch * session.batches + done, "")
            watch.done(done)
            if done == 1:  # an epoch that could not be kept is not trained
                enough_room()

        for record in session.epochs(on_batch):
            enough_room()
            for arm in arms:
                learner = session.learners[arm.name]
                due = is_due(record.epoch, suite.evaluation.every, suite.train.epochs)
                if due and arm.name in record.losses and not learner.diverged:
                    info = CheckpointInfo(
                        arm.name, record.epoch, arm.freeze_point, weights_hash, plan.target_train.classes
                    )
                    path = folder.checkpoint(arm.name, record.epoch)
                    save_checkpoint(path, info, learner.checkpoint_tensors())
                    folder.journal.add(path)
                    patience = arm.recipe.train.patience
                    # patience begins once all is unfrozen, else an arm could end as another than its schedule says
                    if patience and learner.stopped is None and record.epoch >= arm.recipe.last_turn:
                        learner.stopped = _out_of_patience(history[arm.name], target_ap(arm, record.epoch), patience)
            for arm in arms:
                learner = session.learners[arm.name]
                if learner.diverged and learner.epochs == record.epoch:
                    progress.message(f"{arm.name} diverged and is trained no further: {learner.stopped}", "warning")
            kept.add(record, {"session": session.state(), "history": history})
            advance(record.epoch * session.batches, _losses(record))
            for name, parts in record.losses.items():
                shown = ", ".join(f"{part} {value:.3f}" for part, value in parts.items())
                progress.message(f"epoch {record.epoch}, {name}: {shown}", "detail")
    kept.complete(session.learners)


def scored_epochs(plan: Plan, folder: RunFolder, arm: Arm) -> list[int]:
    """Return the epochs of an arm's checkpoints, in order; its training has ended."""
    return epochs_kept(plan.suite, folder.outcomes(arm.model, arm.seed)[arm.name])


def _out_of_patience(history: list[float], ap: float | None, patience: int) -> str | None:
    history.append(0.0 if ap is None else ap)
    since_best = len(history) - 1 - history.index(max(history))
    return out_of_patience(patience) if since_best >= patience else None


def _losses(record: EpochRecord) -> str:
    return "loss " + " ".join(f"{sum(parts.values()):.2f}" for parts in record.losses.values())
