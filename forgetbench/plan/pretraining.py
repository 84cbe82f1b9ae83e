"""Originals trained on the reference from scratch, where a suite names an architecture instead of weights.

Trained originals are kept in the cache folder, with a journal like a run's. If one's file changed, it is trained again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from forgetbench.data.dataset import Dataset
from forgetbench.errors import DivergedError, RunLockedError, SuiteError
from forgetbench.files import cache_folder, sha256_json
from forgetbench.model import yolo
from forgetbench.model.blank import STATE_CHECKPOINTS, Blank
from forgetbench.model.original import Original, load_original, make_original, save_original
from forgetbench.model.parts import Parts
from forgetbench.plan.models import open_untrained, read_suite_architecture
from forgetbench.plan.slowness import PaceWatch
from forgetbench.progress import Progress, warnings_to
from forgetbench.record.journal import Journal
from forgetbench.record.lock import holding
from forgetbench.record.state import States
from forgetbench.room import require_room
from forgetbench.suite.schema import Logging, Suite
from forgetbench.suite.train_section import Pretrain, Train
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession

ARM = "original"


class _Kept:
    """The files kept of one original: states to resume from while it is trained, then the original itself."""

    def __init__(self, place: Path, progress: Progress) -> None:
        self._journal = Journal(place, warnings_to(progress))
        self.states = States(self._journal, place)
        self.place, self._original = place, place / "original.safetensors"

    def original(self, name: str) -> Original | None:
        """Return the original if it was trained before and its file is unchanged."""
        if not self._journal.holds(self._original):
            return None
        return replace(load_original(self._original), name=Path(name).stem)

    def begin(self) -> None:
        """Make ready to train."""
        self.place.mkdir(parents=True, exist_ok=True)
        self._journal.begin()

    def add(self, original: Original) -> None:
        """Write the trained original; there is nothing to resume from any more."""
        save_original(original, self._original)
        self._journal.add(self._original)
        self.states.drop()


def cached_original(name: str, folder: Path | None, suite: Suite, data: Dataset, progress: Progress) -> Original | None:
    """Return the original of an architecture if it was trained before on these data with these settings.

    Raises:
        SuiteError: the suite has no `pretrain` section.
        WeightsError: there is no such architecture.
    """
    return _Kept(_kept_place(name, folder, suite, data), progress).original(name)


def pretrain_settings(pretrain: Pretrain, train: Train) -> Train:
    """Return the training section that a suite's `pretrain` section stands for."""
    return Train(
        epochs=pretrain.epochs,
        optimizer=pretrain.optimizer,
        lr0=pretrain.lr0,
        imgsz=pretrain.imgsz or train.imgsz,
        batch=pretrain.batch,
        warmup_epochs=pretrain.warmup_epochs,
        warmup_bias_lr=pretrain.warmup_bias_lr,
        augment=pretrain.augment,
        pretrained=False,
    )


def pretrain_recipe(untrained: Original, suite: Suite) -> Recipe:
    """Return how an original without weights is trained.

    Raises:
        SuiteError: the suite has no `pretrain` section.
    """
    settings = pretrain_settings(_pretrain_of(untrained.name, suite), suite.train)
    return Recipe(Parts(untrained), 0, settings, pretrained=False)


def pretrain_original(
    name: str, folder: Path | None, suite: Suite, data: Dataset, device: torch.device, progress: Progress
) -> Original:
    """Train an architecture on the reference and keep the result; an interrupted training goes on where it was.

    Raises:
        SuiteError: the suite has no `pretrain` section.
        WeightsError: the architecture cannot be built.
        RunError: there is not enough room for what an epoch leaves; what was trained before is there.
        DivergedError: training gave nothing that can be used.
    """
    place = _kept_place(name, folder, suite, data)
    untrained = open_untrained(name, folder, data.classes)
    # of an epoch a state is left, and of the last one also the original
    next_bytes = (STATE_CHECKPOINTS + 1) * Blank(untrained, len(data.classes), pretrained=False).checkpoint_bytes(0)

    def enough_room() -> None:
        what = f"what an epoch leaves of {untrained.name}, which is trained on the reference first"
        require_room(place, next_bytes, what)

    enough_room()
    with _alone(place, untrained.name, progress) as waited:
        kept = _Kept(place, progress)
        if waited and (found := kept.original(name)) is not None:
            return found
        kept.begin()
        session = TrainingSession(
            untrained,
            {ARM: (recipe := pretrain_recipe(untrained, suite))},
            data,
            recipe.train,
            seed=_pretrain_of(name, suite).seed,
            device=device,
            logging=Logging(gradients=False, memory=False),
        )
        _train(session, recipe.train, kept, data, device, progress, enough_room)
        tensors = session.learners[ARM].checkpoint_tensors()
        trained = make_original(untrained.name, untrained.architecture, data.classes, tensors, where=name)
        kept.add(trained)
        return kept.original(name) or trained


@contextmanager
def _alone(place: Path, name: str, progress: Progress) -> Iterator[bool]:
    """Hold the place where an original is kept, and yield whether another command had it, which may have trained it."""
    what = f"training the original {name}"
    with ExitStack() as held:
        waited = False
        try:
            held.enter_context(holding(place, what=what))
        except RunLockedError:
            waited = True
            progress.message(f"another process is {what}: waiting for it")
            held.enter_context(holding(place, what=what, patience=math.inf))
        yield waited


def _train(
    session: TrainingSession,
    settings: Train,
    kept: _Kept,
    data: Dataset,
    device: torch.device,
    progress: Progress,
    enough_room: Callable[[], None],
) -> None:
    """Train to the end, from where an interrupted training stopped."""
    state = kept.states.newest(device)
    if state is not None:
        session.restore(state)
    total = session.batches * settings.epochs
    watch = PaceWatch("pretraining", "batches", device, progress)
    with progress.task(f"pretraining {session.original.name} on {data.name}", total, "batch") as advance:

        def on_batch(epoch: int, done: int) -> None:
            advance(epoch * session.batches + done, "")
            watch.done(done)
            if done == 1:  # an epoch that could not be kept is not trained
                enough_room()

        for record in session.epochs(on_batch):
            enough_room()
            kept.states.add(record.epoch, session.state())
            losses = " ".join(f"{key} {value:.3f}" for key, value in record.losses[ARM].items())
            advance(record.epoch * session.batches, losses)
    learner = session.learners[ARM]
    if learner.diverged:
        raise DivergedError(
            "the original diverged while it was trained",
            where=session.original.name,
            found=learner.stopped,
            fix="Lower pretrain.lr0, or raise pretrain.warmup_epochs.",
        )


def _pretrain_of(name: str, suite: Suite) -> Pretrain:
    if suite.pretrain is None:
        raise SuiteError(
            "an architecture has no weights to forget",
            where=f"models: {name}",
            expected="weights (.pt or .safetensors), or a 'pretrain' section that says how to train it",
        )
    return suite.pretrain


def _kept_place(name: str, folder: Path | None, suite: Suite, data: Dataset) -> Path:
    """Return where an original trained from an architecture is kept; the name says everything that decides it."""
    pretrain = _pretrain_of(name, suite)
    architecture, settings = read_suite_architecture(name, folder), pretrain_settings(pretrain, suite.train)
    decides = [
        architecture,
        settings.model_dump(),
        pretrain.seed,
        data.fingerprint(),
        torch.__version__,
        yolo.version(),
    ]
    return cache_folder() / "originals" / f"{Path(name).stem}-{sha256_json(decides)[:16]}"
