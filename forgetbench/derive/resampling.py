"""A run's datasets with the images that are drawn in each resample, from what lies in its folder."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forgetbench.data.annotations import load_annotations
from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.bootstrap import ResampledAP, draw_images, resample
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.matching import ClassMatches, Matches, match
from forgetbench.evaluate.precision_recall import is_above
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest

#: Decides which images are drawn; runs on the same images draw the same.
SEED = 0


class Resampling:
    """The annotations of each dataset and its draws, read and drawn once; all networks share them.

    Args:
        folder, manifest: The run.
        resamples: How many; default: as the run's suite says, which may be none.
    """

    def __init__(self, folder: RunFolder, manifest: Manifest, resamples: int | None = None) -> None:
        self._folder, self._seed = folder, int(manifest["resampling_seed"])
        self._resamples = int(manifest["suite"]["evaluation"]["resamples"]) if resamples is None else resamples
        self._known: dict[str, tuple[Dataset, NDArray[np.float64]]] = {}

    def of(self, fingerprint: str) -> tuple[Dataset, NDArray[np.float64]]:
        """Return a dataset, and how often each image is drawn, (images, resamples).

        Raises:
            CorruptRunError: its annotations are missing or unreadable.
        """
        if fingerprint not in self._known:
            dataset = load_annotations(self._folder.annotations(fingerprint))
            self._known[fingerprint] = dataset, draw_images(len(dataset.samples), self._resamples, self._seed)
        return self._known[fingerprint]

    def match(self, detections: Detections, fingerprint: str, above: float = math.inf) -> Matches:
        """Match detections to a dataset's annotations.

        AP is resampled from all of them. Where there are no resamples, only detections with a score above `above` are
        matched, by default none.
        """
        dataset, _ = self.of(fingerprint)
        return match(dataset, detections if self._resamples else detections.of(is_above(detections.score, above)))

    def ap(self, matches: Sequence[ClassMatches], fingerprint: str) -> ResampledAP:
        """Return AP per class of every resample."""
        return resample(matches, self.of(fingerprint)[1])
