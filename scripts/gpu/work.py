"""What the checks work on: drawn images, the model that comes with forgetbench, and yolov8n where its file is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from forgetbench.data.cards.locate import find_weights
from forgetbench.data.dataset import Dataset
from forgetbench.data.shapes.world import draw_world
from forgetbench.model.original import Original
from forgetbench.model.parts import Parts
from forgetbench.plan.models import open_weights
from forgetbench.progress import Silent
from forgetbench.suite.data_section import Data
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.suite.schema import Logging
from forgetbench.suite.train_section import Train
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession

SHIPPED, OFFICIAL = "yolov8p-shapes.safetensors", "yolov8n.pt"


@dataclass(frozen=True)
class Amount:
    """How much is done.

    Attributes:
        imgsz: Side of the images in pixels.
        train_images, evaluate_images: How many are drawn to train on, and to evaluate on.
        batch: Images of a batch.
        points: Freeze points of branches, the deepest first.
        timed_epochs: Epochs of each training that is timed.
    """

    imgsz: int
    train_images: int
    evaluate_images: int
    batch: int
    points: tuple[int, ...]
    timed_epochs: int


#: For a card: minutes. For a rehearsal on the CPU: as little as shows that all runs.
CARD = Amount(320, 192, 128, 16, (22, 10, 0), 2)
REHEARSAL = Amount(64, 12, 6, 4, (22, 10), 1)


@dataclass(frozen=True)
class Inputs:
    """What all checks are given.

    Attributes:
        device: What is checked.
        amount: How much of it.
        originals: By name: the shipped model, and yolov8n where it was found.
        official: File of yolov8n, None where it is not here.
        train, evaluate: Drawn images, rings to train on and shapes to evaluate on.
        folder: Takes what checks write.
    """

    device: torch.device
    amount: Amount
    originals: Mapping[str, Original]
    official: Path | None
    train: Dataset
    evaluate: Dataset
    folder: Path

    def session(self, original: Original, points: tuple[int, ...], *, epochs: int = 2) -> TrainingSession:
        """Return a session of branches with mixed precision where the device has it."""
        amount, parts = self.amount, Parts(original)
        train = Train(
            epochs=epochs, imgsz=amount.imgsz, batch=amount.batch, nbs=amount.batch, optimizer="AdamW", lr0=0.001,
            warmup_epochs=1, amp=True,
        )  # fmt: skip
        recipes = {f"f{point}": Recipe(parts, point, train) for point in points}
        return TrainingSession(
            original, recipes, self.train, train, seed=0, device=self.device, logging=Logging(memory=True)
        )

    def settings(self) -> EvaluationSettings:
        """Return how networks are evaluated."""
        return EvaluationSettings(
            imgsz=self.amount.imgsz, shape="square", batch=self.amount.batch, conf=0.001, iou=0.7, max_det=300
        )


def find_inputs(device: torch.device, amount: Amount, folder: Path) -> Inputs:
    """Draw images and open weights.

    Raises:
        WeightsError: weights that are here cannot be used.
    """
    official = find_weights(OFFICIAL, None)
    names = [SHIPPED, *([OFFICIAL] if official else [])]
    rings = Data(format="shapes", world="fine", size=amount.imgsz, train_images=amount.train_images, evaluate_images=1)
    shapes = Data(format="shapes", world="general", size=amount.imgsz, evaluate_images=amount.evaluate_images)
    return Inputs(
        device=device,
        amount=amount,
        originals={name: open_weights(name, None, Silent(), download=False) for name in names},
        official=official.absolute() if official else None,
        train=draw_world(rings, "train"),
        evaluate=draw_world(shapes, "evaluate"),
        folder=folder,
    )


def named_as(dataset: Dataset, original: Original) -> Dataset:
    """Return a dataset whose first classes are called as a model's first classes: labels to be timed with, no more."""
    return replace(dataset, classes=original.classes)
