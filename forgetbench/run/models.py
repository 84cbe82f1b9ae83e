"""From a model's name in a suite to the original: found, downloaded, or trained on the reference from scratch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from forgetbench.data.dataset import Dataset
from forgetbench.data.locate import find_weights
from forgetbench.errors import SuiteError, WeightsError
from forgetbench.files import cache_folder, sha256_json, writable_cache
from forgetbench.model import yolo
from forgetbench.model.original import Original, load_original, make_original, save_original
from forgetbench.model.parts import Parts
from forgetbench.run.progress import Progress
from forgetbench.run.slowness import PaceWatch
from forgetbench.run.state import load_state, save_state
from forgetbench.suite.schema import Logging, Suite
from forgetbench.suite.train_section import Pretrain, Train
from forgetbench.train.regime import Regime
from forgetbench.train.session import TrainingSession

#: Architectures and weights that come with forgetbench.
SHIPPED = Path(yolo.__file__).parent
ARM = "original"


def is_architecture(name: str) -> bool:
    """Tell whether a suite's model is an architecture to train rather than weights to open."""
    return name.lower().endswith((".yaml", ".yml"))


def find_model(name: str, folder: Path | None) -> Path | None:
    """Return where a suite's weights are, in the usual places or shipped; None if they are official and not here.

    Raises:
        WeightsError: they are not here, and nobody publishes them.
    """
    path = find_weights(name, folder)
    shipped = SHIPPED / "weights" / name
    if path is None and shipped.is_file():
        path = shipped
    if path is None and not yolo.is_official(name):
        raise WeightsError("weights not found", where=name, fix=f"{_put_there(name)}.")
    return path


def open_weights(name: str, folder: Path | None, progress: Progress, *, download: bool) -> Original:
    """Open a suite's weights: found in the usual places, shipped, or downloaded if official and allowed.

    Raises:
        WeightsError: not found and not to be had, or refused.
    """
    path = find_model(name, folder)
    if path is None and download:
        progress.message(f"downloading {name}")
        path = yolo.download_weights(name, writable_cache("weights"))
    if path is None:
        raise WeightsError(
            "weights not found",
            where=name,
            fix=f"{_put_there(name)}; with a network, `forgetbench run` downloads it.",
        )
    return load_original(path)


def _put_there(name: str) -> str:
    return (
        f"Put {Path(name).name} beside the suite, into the current folder, or into weights/ under the folder named by "
        "FORGETBENCH_DATA, then run the same command again"
    )


def untrained_twin(name: str) -> Original:
    """Return official weights' architecture with random values: enough to plan with while they are not here.

    Raises:
        WeightsError: Ultralytics has no architecture of that name.
    """
    stem = Path(name).stem
    # the anchor-free YOLOv5 and YOLOv3 have an architecture of the plain name
    plain = stem.removesuffix("u") if stem.startswith(("yolov5", "yolov3")) else stem
    return replace(open_untrained(f"{plain}.yaml", None), name=stem)


def read_suite_architecture(name: str, folder: Path | None) -> yolo.Architecture:
    """Read an architecture file: beside the suite, in the current folder, shipped, or Ultralytics' own."""
    places = [Path(name), *([folder / name] if folder else []), SHIPPED / "architectures" / name]
    found = next((place for place in places if place.is_file()), Path(name))
    return yolo.read_architecture(found)


def open_untrained(name: str, folder: Path | None, classes: tuple[str, ...] | None = None) -> Original:
    """Return an architecture with random weights: enough to plan with, not to measure forgetting on."""
    architecture = read_suite_architecture(name, folder)
    classes = classes or tuple(str(i) for i in range(int(architecture.get("nc", 80))))
    blank = yolo.build(architecture, len(classes), seed=0, where=name)
    return make_original(Path(name).stem, architecture, classes, blank.state_dict(), where=name)


def cached_original(name: str, folder: Path | None, suite: Suite, data: Dataset) -> Original | None:
    """Return the original of an architecture if it was trained before on these data with these settings.

    Raises:
        SuiteError: the suite has no `pretrain` section.
        WeightsError: there is no such architecture.
    """
    kept = _kept_path(name, folder, suite, data)
    return _open_kept(name, kept) if kept.is_file() else None


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


def pretrain_regime(untrained: Original, suite: Suite) -> Regime:
    """Return how an original without weights is trained.

    Raises:
        SuiteError: the suite has no `pretrain` section.
    """
    settings = pretrain_settings(_pretrain_of(untrained.name, suite), suite.train)
    return Regime(Parts(untrained), 0, settings, pretrained=False)


def pretrain_original(
    name: str, folder: Path | None, suite: Suite, data: Dataset, device: torch.device, progress: Progress
) -> Original:
    """Train an architecture on the reference and keep the result; an interrupted training goes on where it was.

    Raises:
        SuiteError: the suite has no `pretrain` section.
        WeightsError: the architecture cannot be built.
    """
    kept = _kept_path(name, folder, suite, data)
    untrained = open_untrained(name, folder, data.classes)
    regime = pretrain_regime(untrained, suite)
    settings = regime.train
    session = TrainingSession(
        untrained,
        {ARM: regime},
        data,
        settings,
        seed=_pretrain_of(name, suite).seed,
        device=device,
        logging=Logging(gradients=False, memory=False),
    )
    state = kept.with_suffix(".state.pt")
    if state.is_file():
        session.restore(load_state(state, device))
    total = session.batches * settings.epochs
    watch = PaceWatch("pretraining", "batches", device, progress)
    with progress.task(f"pretraining {untrained.name} on {data.name}", total, "batch") as advance:

        def on_batch(epoch: int, done: int) -> None:
            advance(epoch * session.batches + done, "")
            watch.done(done)

        for record in session.epochs(on_batch):
            save_state(state, session.state())
            losses = " ".join(f"{key} {value:.3f}" for key, value in record.losses[ARM].items())
            advance(record.epoch * session.batches, losses)
    tensors = session.learners[ARM].checkpoint_tensors()
    trained = make_original(untrained.name, untrained.architecture, data.classes, tensors, where=name)
    save_original(trained, kept)
    state.unlink(missing_ok=True)
    return _open_kept(name, kept)


def _pretrain_of(name: str, suite: Suite) -> Pretrain:
    if suite.pretrain is None:
        raise SuiteError(
            "an architecture has no weights to forget",
            where=f"models: {name}",
            expected="weights (.pt or .safetensors), or a 'pretrain' section that says how to train it",
        )
    return suite.pretrain


def _kept_path(name: str, folder: Path | None, suite: Suite, data: Dataset) -> Path:
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
    return cache_folder() / "originals" / f"{Path(name).stem}-{sha256_json(decides)[:16]}.safetensors"


def _open_kept(name: str, kept: Path) -> Original:
    loaded = load_original(kept)
    return Original(Path(name).stem, loaded.model, loaded.classes, loaded.architecture)
