"""The work that all contenders are given: how much of it, and its data and weights."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from benchmarks.export import export
from benchmarks.settings import TRAINING, VALIDATION
from forgetbench.data.align import align_classes
from forgetbench.data.cards.locate import find_weights
from forgetbench.data.dataset import Dataset, OddityReport
from forgetbench.data.load import load_data
from forgetbench.errors import DataError, WeightsError
from forgetbench.files import write_text
from forgetbench.model.original import Original
from forgetbench.plan.models import open_weights
from forgetbench.progress import Silent
from forgetbench.suite.data_section import Data
from forgetbench.suite.evaluation import EvaluationSettings

WEIGHTS, TARGET, REFERENCE = "yolov8n.pt", "bccd", "coco-val128"


@dataclass(frozen=True)
class Work:
    """How much is to be done; None means all images."""

    epochs: int = 8
    imgsz: int = 320
    freeze_points: tuple[int, ...] = (22, 15, 10, 0)
    train_images: int | None = None
    target_images: int | None = None
    reference_images: int | None = None

    @property
    def limited(self) -> bool:
        """Whether some images are left out."""
        return (self.train_images, self.target_images, self.reference_images) != (None, None, None)

    def settings(self) -> EvaluationSettings:
        """Return how forgetbench evaluates the same as the scripts do."""
        values = {key: VALIDATION[key] for key in ("batch", "conf", "iou", "max_det")}
        return EvaluationSettings(imgsz=self.imgsz, shape="square", **values)


#: A few minutes on two cores: shows that all runs, not how fast it is, since starting up weighs too much.
QUICK = Work(epochs=2, train_images=64, target_images=32, reference_images=32)


@dataclass(frozen=True)
class Inputs:
    """Weights and data, found and checked.

    Attributes:
        weights: File of the original.
        original: The same, opened.
        train, target, reference: What is trained on and evaluated on.
    """

    weights: Path
    original: Original
    train: Dataset
    target: Dataset
    reference: Dataset


def find_inputs(work: Work) -> Inputs:
    """Find and read everything the work needs.

    Raises:
        InputError: weights or data are not here, or not usable.
    """
    original = open_weights(WEIGHTS, None, Silent(), download=False)
    weights = find_weights(WEIGHTS, None)
    if weights is None:
        raise WeightsError("weights not found", where=WEIGHTS)
    target = load_data(Data(card=TARGET), role="target", suite_folder=None)
    if target.train is None:
        raise DataError("no part to train on", where=TARGET)
    return Inputs(
        weights.absolute(),
        original,
        first(target.train, work.train_images),
        first(target.evaluate, work.target_images),
        find_reference(original, work.reference_images),
    )


def find_reference(original: Original, images: int | None) -> Dataset:
    """Return the reference data, or their first images, with the original's classes."""
    loaded = load_data(Data(card=REFERENCE), role="reference", suite_folder=None, known_names=original.classes)
    return first(align_classes(loaded.evaluate, original.classes, OddityReport()), images)


def first(dataset: Dataset, images: int | None) -> Dataset:
    """Return a dataset's first images."""
    return replace(dataset, samples=dataset.samples[:images])


@dataclass(frozen=True)
class Written:
    """The files that contenders are given: weights, two `data.yaml`, and forgetbench's suite."""

    weights: Path
    target: Path
    reference: Path
    suite: Path


def write_work(work: Work, inputs: Inputs, folder: Path) -> Written:
    """Write the data in YOLO's layout, and the suite that asks forgetbench for the same work."""
    shutil.rmtree(folder, ignore_errors=True)
    target = export({"train": inputs.train, "val": inputs.target}, folder / "target")
    reference = export({"val": inputs.reference}, folder / "reference")
    suite = folder / "suite.yaml"
    write_text(suite, yaml.safe_dump(suite_of(work, inputs.weights, target, reference), sort_keys=False))
    return Written(inputs.weights, target, reference, suite)


def suite_of(work: Work, weights: Path, target: Path, reference: Path) -> dict[str, Any]:
    """Return the suite: the cards of the data, or where images are left out the folders that the scripts read."""
    data: dict[str, Any] = {"target": {"card": TARGET}, "reference": {"card": REFERENCE}}
    if work.limited:
        folders = {"target": target, "reference": reference}
        data = {role: {"format": "yolo", "path": str(path.parent.absolute())} for role, path in folders.items()}
        data["reference"]["evaluate"] = "val"
    settings = ("batch", "optimizer", "lr0", "warmup_epochs", "warmup_bias_lr")
    thresholds = ("batch", "conf", "iou", "max_det")
    return {
        "name": "benchmark",
        "model": str(weights),
        **data,
        "freeze_points": list(work.freeze_points),
        "attach_points": ["head"],
        "reference_arm": max(work.freeze_points),
        "seeds": [TRAINING["seed"]],
        "train": {"epochs": work.epochs, "imgsz": work.imgsz, **{key: TRAINING[key] for key in settings}},
        "evaluation": {
            "every": 1,
            "shape": "square",
            "resamples": 0,
            "drift": False,
            **{key: VALIDATION[key] for key in thresholds},
        },
    }


def described(work: Work) -> dict[str, Any]:
    """Return the work as JSON holds it."""
    return {**asdict(work), "freeze_points": list(work.freeze_points)}
