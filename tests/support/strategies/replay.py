"""Images of the reference are trained on again, with their labels and the original's head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from forgetbench.train.strategies.base import BatchSource, DataSplit, Strategy

if TYPE_CHECKING:
    from torch import Tensor

    from forgetbench.data.dataset import Dataset
    from forgetbench.train.context import StepContext


class Replay(Strategy):
    """With every batch comes one of two images from a memory of `value` reference images."""

    name = "replay"
    options = Annotated[int, Field(ge=1)]
    expected = "a number of images"
    needs_data = ("reference.train",)

    def sources(self, data: Mapping[DataSplit, Dataset], seed: int) -> Sequence[BatchSource]:
        """Return as many of the reference's images as were asked for, chosen by the seed."""
        dataset = data["reference.train"]
        chosen = np.random.default_rng(seed).permutation(len(dataset.samples))[: self.value]
        return [
            BatchSource(replace(dataset, samples=tuple(dataset.samples[index] for index in sorted(chosen))), batch=2)
        ]

    def source_loss(self, source: BatchSource, context: StepContext) -> Tensor | None:
        """Return the detection loss of the original's head on what the branch makes of its own old images."""
        return context.detection_loss()
