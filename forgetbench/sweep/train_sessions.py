"""Training the arms of a run, written after every epoch and resumed from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import torch

from forgetbench.device import free_memory
from forgetbench.errors import RunError
from forgetbench.model.checkpoint import CheckpointInfo, save_checkpoint
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.plan.slowness import PaceWatch
from forgetbench.progress import Progress, warnings_to
from forgetbench.record.endings import out_of_patience
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.training import MemoryRow
from forgetbench.record.session_records import read_epoch
from forgetbench.room import require_room
from forgetbench.sweep.estimates.disk_need import STATE_CHECKPOINTS, state_bytes
from forgetbench.sweep.session_files import SessionFiles, epochs_kept, is_kept
from forgetbench.train.batches import Batches
from forgetbench.train.epoch_record import EpochRecord
from forgetbench.train.groups import GroupTraining, NoRoomError
from forgetbench.train.image_sides import largest_side, stride_of
from forgetbench.train.learner import Learner
from forgetbench.train.memory import batch_that_fits
from forgetbench.train.session import TrainingSession

#: Returns the target AP of an arm's checkpoint after an epoch.
TargetAP = Callable[[Arm, int], float | None]
_HOST = torch.device("cpu")


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
        RunError: there is not enough room on the disk for what an epoch leaves, or in memory for a single arm; what was
            trained before is there.
    """
    kept = SessionFiles(plan.suite, arms, folder)
    if kept.are_complete():
        return
    original, suite = plan.originals[arms[0].model], plan.suite
    history: dict[str, list[float]] = {arm.name: [] for arm in arms}
    state = kept.state(_HOST)
    if state is None:
        if kept.begun:
            progress.message(f"training {kept.place.name} again from the start", "warning")
        kept.clear()
    else:
        history = state["history"]
        progress.message(f"resuming {kept.place.name} after epoch {state['session']['epochs']}")
    del state
    # of an epoch a state and checkpoints are written, a state being the larger by far
    next_bytes = state_bytes(plan, arms) * (STATE_CHECKPOINTS + 1) // STATE_CHECKPOINTS

    def enough_room() -> None:
        require_room(folder.path, next_bytes, "the weights after an epoch and the state to resume from")

    seed, logging = arms[0].seed, suite.logging
    recipes, weights_hash = {arm.name: arm.recipe for arm in arms}, original.weights_hash()
    batches = Batches(original, recipes.values(), plan.target_train, suite.train, seed=seed, device=device)

    def session(names: Sequence[str]) -> TrainingSession:
        mine = {name: recipes[name].again() for name in names}
        return TrainingSession(
            original, mine, plan.target_train, suite.train, seed=seed, device=device, logging=logging, batches=batches
        )

    def last_state() -> dict[str, Any] | None:
        state = kept.state(_HOST)
        return state and state["session"]

    def keep_checkpoints(learners: Mapping[str, Learner], epoch: int) -> None:
        enough_room()
        for arm in arms:
            learner = learners.get(arm.name)
            if learner is not None and is_kept(suite, epoch, learner.ending()):
                info = CheckpointInfo(arm.name, epoch, arm.freeze_point, weights_hash, plan.target_train.classes)
                path = folder.checkpoint(arm.name, epoch)
                save_checkpoint(path, info, learner.checkpoint_tensors())
                folder.journal.add(path)

    training = GroupTraining(
        list(recipes), session, place=kept.place, last_state=last_state, device=device, warn=warnings_to(progress)
    )
    per_epoch = len(batches.loader)
    watch = PaceWatch("training", "batches", device, progress)
    name = f"training {len(arms)} branches of {original.name}, seed {seed}"
    task = progress.task(name, per_epoch * suite.train.epochs, "batch")
    with _explained(plan, arms, folder, device), closing(training), task as advance:

        def on_batch(epoch: int, done: int) -> None:
            advance(epoch * per_epoch + done, "")
            watch.done(done)
            if done <= 1:  # an epoch that could not be kept is not trained
                enough_room()

        for record in training.epochs(suite.train.epochs, on_batch, keep_checkpoints):
            for arm in arms:
                ending, patience = training.endings()[arm.name], arm.recipe.train.patience
                if ending["diverged"] and ending["epochs"] == record.epoch:
                    progress.message(f"{arm.name} diverged and is trained no further: {ending['stopped']}", "warning")
                # patience begins once all is unfrozen, else an arm could end as another than its schedule says
                elif patience and is_kept(suite, record.epoch, ending) and record.epoch >= arm.recipe.last_turn:
                    stopped = _out_of_patience(history[arm.name], target_ap(arm, record.epoch), patience)
                    if stopped is not None:
                        training.stop(arm.name, stopped)
            kept.add(record, {"session": training.state(), "history": history})
            advance(record.epoch * per_epoch, _losses(record))
            for name, parts in record.losses.items():
                shown = ", ".join(f"{part} {value:.3f}" for part, value in parts.items())
                progress.message(f"epoch {record.epoch}, {name}: {shown}", "detail")
        kept.complete(training.endings())


def scored_epochs(plan: Plan, folder: RunFolder, arm: Arm) -> list[int]:
    """Return the epochs of an arm's checkpoints, in order; its training has ended."""
    return epochs_kept(plan.suite, folder.outcomes(arm.model, arm.seed)[arm.name])


@contextmanager
def _explained(plan: Plan, arms: Sequence[Arm], folder: RunFolder, device: torch.device) -> Iterator[None]:
    """Say of an arm that has no room in memory which batch has, as far as it was measured."""
    try:
        yield
    except NoRoomError as error:
        cause, train = error.__cause__, plan.suite.train
        model, seed = arms[0].model, arms[0].seed
        rows = error.rows or _measured_before(folder, model, seed, error.arm)
        side = largest_side(train, stride_of(plan.originals[model]))
        fits = batch_that_fits(rows, free_memory(device), side)
        other = "that is another run, with other numbers"
        if fits is None:
            helps = f"A smaller train.batch needs less; {other}"
        elif fits >= train.batch:
            helps = f"It would fit by what was measured, so end other programs, or try half the batch; {other}"
        elif fits >= 1:
            helps = f"By what was measured, about {fits} fit: --set train.batch={fits}; {other}"
        else:
            helps = f"By what was measured, not even one fits; a smaller train.imgsz needs less; {other}"
        raise RunError(
            "does not fit into memory, even alone",
            where=error.arm,
            expected=f"room for batches of {train.batch} images of up to {side} px",
            found=error.found,
            fix=f"Free memory, then run the same command again: it goes on where it stopped. {helps}.",
        ) from cause


def _measured_before(folder: RunFolder, model: str, seed: int, arm: str) -> list[MemoryRow]:
    """Return what finished epochs measured of an arm."""
    places = folder.session(model, seed).glob("epoch-*.json")
    rows = [MemoryRow(**row) for place in sorted(places) for row in read_epoch(place)["memory"]]
    return [row for row in rows if row.arm == arm]


def _out_of_patience(history: list[float], ap: float | None, patience: int) -> str | None:
    history.append(0.0 if ap is None else ap)
    since_best = len(history) - 1 - history.index(max(history))
    return out_of_patience(patience) if since_best >= patience else None


def _losses(record: EpochRecord) -> str:
    return "loss " + " ".join(f"{sum(parts.values()):.2f}" for parts in record.losses.values())
