"""Training sessions of a few steps on drawn images, with strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from support.factories import drawn_dataset, quick_train, tiny_original
from torch import Tensor

from forgetbench.data.dataset import Dataset
from forgetbench.model.parts import Parts
from forgetbench.suite.schema import Logging
from forgetbench.suite.train_section import Train
from forgetbench.train.epoch_record import EpochRecord
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession
from forgetbench.train.strategies.base import DataSplit, Strategy

#: A strategy and its options; each arm gets its own.
Named = tuple[type[Strategy], object]


def session(
    folder: Path,
    arms: Mapping[str, tuple[int, Sequence[Named]]],
    train: Train | None = None,
    *,
    family: str = "yolov8",
    data: Mapping[DataSplit, Dataset] | None = None,
) -> TrainingSession:
    """Return a session of arms given by freeze point and strategies, trained on the same eight drawn images."""
    original, train = tiny_original(family), train or quick_train()
    parts, recipes = Parts(original), {}
    for arm, (point, named) in arms.items():
        strategies = [kind(options, parts, arm) for kind, options in named]
        recipes[arm] = Recipe(parts, point, train, strategies=strategies)
        recipes[arm].find_sources(data or {}, 0)
    return TrainingSession(
        original, recipes, drawn_dataset(folder), train, seed=0, device=torch.device("cpu"), logging=Logging()
    )


def trained(made: TrainingSession) -> list[EpochRecord]:
    """Train to the end and return the records."""
    return list(made.epochs())


def checkpoint(made: TrainingSession, arm: str) -> dict[str, Tensor]:
    """Return what an arm's checkpoint would hold now."""
    return {name: tensor.clone() for name, tensor in made.learners[arm].checkpoint_tensors().items()}


def differing(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> set[str]:
    """Return the names of tensors that are not equal to the last bit."""
    assert first.keys() == second.keys()
    return {name for name in first if not torch.equal(first[name], second[name])}
