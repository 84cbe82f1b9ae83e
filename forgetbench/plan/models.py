"""From a model's name in a suite to the original: found, downloaded, or an architecture without weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from forgetbench.data.cards.locate import find_weights
from forgetbench.errors import WeightsError
from forgetbench.files import writable_cache
from forgetbench.model import yolo
from forgetbench.model.original import Original, load_original, make_original
from forgetbench.progress import Progress

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
