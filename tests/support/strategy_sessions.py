"""Training sessions of a few steps, their strategies named as in suites, and what has moved since."""

from pathlib import Path
from typing import Any

import torch
from support.factories import drawn_dataset, quick_train, tiny_original
from torch import Tensor

from forgetbench.model.parts import Parts
from forgetbench.suite.schema import Logging
from forgetbench.suite.train_section import Train
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession
from forgetbench.train.strategies import make_strategies


def session(
    folder: Path,
    arms: dict[str, tuple[int, dict[str, Any]]],
    train: Train | None = None,
    family: str = "yolov8",
) -> TrainingSession:
    """Return a session of arms given by freeze point and strategies as a suite has them, on eight drawn images."""
    original, train = tiny_original(family), train or quick_train()
    parts = Parts(original)
    recipes = {
        name: Recipe(parts, point, train, strategies=make_strategies(strategy, parts, name))
        for name, (point, strategy) in arms.items()
    }
    return TrainingSession(
        original, recipes, drawn_dataset(folder), train, seed=0, device=torch.device("cpu"), logging=Logging()
    )


def state(made: TrainingSession, arm: str) -> dict[str, Tensor]:
    """Return a copy of what a branch holds now."""
    return {name: tensor.clone() for name, tensor in made.learners[arm].branch.state().items()}


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    """Return the names of tensors that are not what they were."""
    return {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
