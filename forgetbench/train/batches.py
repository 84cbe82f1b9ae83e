"""The batches that training runs on: the target's and further ones, loaded once for sessions that take turns."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from forgetbench.data.dataset import Dataset
from forgetbench.device import loader_workers, pins_memory
from forgetbench.model.original import Original
from forgetbench.suite.train_section import Train
from forgetbench.train.image_sides import stride_of
from forgetbench.train.recipe import Recipe
from forgetbench.train.sources import FurtherBatches
from forgetbench.train.ultralytics_trainer import EpochLoader, training_settings


class Batches:
    """What loads the images of a training.

    Attributes:
        loader: The target's batches.
        further: Those of strategies that train on further images.
    """

    def __init__(
        self,
        original: Original,
        recipes: Iterable[Recipe],
        dataset: Dataset,
        train: Train,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        """Open the images.

        Args:
            original: The model; its stride decides sides of images.
            recipes: How the branches are trained.
            dataset: The target's images.
            train: The suite's training section.
            seed: Decides the order of images and their augmentation.
            device: What they are loaded for.
        """
        settings, stride = training_settings(train, seed), stride_of(original)
        workers = loader_workers(device) if train.workers is None else train.workers
        pins = pins_memory(device)
        self.loader = EpochLoader(dataset, settings, stride, seed, workers=workers, pin_memory=pins)
        self.further = FurtherBatches(
            recipes, settings, stride, seed, len(self.loader), workers=workers, pin_memory=pins
        )
