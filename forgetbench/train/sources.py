"""Further batches: images that strategies train on beside the target's, and the detection loss of their labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any

from forgetbench.train.recipe import Recipe
from forgetbench.train.strategies.base import BatchSource
from forgetbench.train.ultralytics_trainer import EpochLoader

#: Sources of equal keys draw the same batches.
SourceKey = tuple[str, int]


def source_key(source: BatchSource) -> SourceKey:
    """Return what decides a source's batches in a session."""
    return source.dataset.fingerprint(), source.batch


class FurtherBatches:
    """The batches of all sources of a session's arms, loaded once for all that draw from equal ones."""

    def __init__(
        self,
        recipes: Iterable[Recipe],
        settings: Any,
        stride: int,
        seed: int,
        batches: int,
        *,
        workers: int,
        pin_memory: bool,
    ) -> None:
        """Open every source.

        Args:
            recipes: How the arms are trained.
            settings: Ultralytics' settings namespace of the target's loader; augmentation and image size are the same.
            stride: What sides of images are whole numbers of.
            seed: Decides the order of images and their augmentation.
            batches: Batches in an epoch, as many as the target has.
            workers: Loader processes of each source.
            pin_memory: Whether batches are put into page-locked memory.
        """
        self._loaders: dict[SourceKey, EpochLoader] = {}
        for source in (source for recipe in recipes for _, source in recipe.sources):
            key, draws = source_key(source), batches * source.batch
            if key in self._loaders:
                continue
            own = copy(settings)
            own.batch = source.batch
            if own.cache != "disk" and draws < len(source.dataset.samples):
                own.cache = False  # no image is drawn twice in an epoch
            self._loaders[key] = EpochLoader(
                source.dataset, own, stride, seed, workers=workers, pin_memory=pin_memory, draws=draws
            )

    def epoch(self, epoch: int, recipes: Iterable[Recipe]) -> dict[SourceKey, Iterator[dict[str, Any]]]:
        """Return the batches of one epoch (counted from 0) of the sources that these arms draw from."""
        keys = dict.fromkeys(source_key(source) for recipe in recipes for _, source in recipe.sources)
        return {key: self._loaders[key].epoch(epoch) for key in keys}
