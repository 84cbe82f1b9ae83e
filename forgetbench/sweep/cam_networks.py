"""The networks that class activation maps are drawn of, with what they detected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from forgetbench.analyse.cam_images import ImageScores
from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.detections import Detections, gather, load_detections_on
from forgetbench.evaluate.image_score import image_scores
from forgetbench.evaluate.passes import evaluate
from forgetbench.plan.arms import Arm
from forgetbench.plan.plan import Plan
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.scores import TRAINED
from forgetbench.suite.data_section import Role
from forgetbench.sweep.scoring import Scorable, Scorer
from forgetbench.sweep.train_sessions import scored_epochs


@dataclass(frozen=True)
class Shown:
    """A network that is shown: the original (no arm), or an arm's last checkpoint."""

    arm: Arm | None
    epoch: int
    detections: Detections
    scores: ImageScores


class Gallery:
    """The networks of one model that are shown on the images of one role.

    Attributes:
        dataset: The role's images.
        head: The head that detections are of, the first that the suite scores.
        shown: The original first, then the arms of the first seed.
    """

    def __init__(self, plan: Plan, model: str, role: Role, folder: RunFolder, scorer: Scorer) -> None:
        self._plan, self._model, self._role = plan, model, role
        self._folder, self._scorer = folder, scorer
        self.head = plan.heads(model)[0]
        self.dataset: Dataset = plan.target.evaluate if role == "target" else plan.reference[model]
        self.shown = list(self._networks())

    def _networks(self) -> Iterator[Shown]:
        """Yield the networks shown and what they detected: the original, and the first seed's arms."""
        seed = self._plan.suite.seeds[0]
        arms = [arm for arm in self._plan.arms if (arm.model, arm.seed) == (self._model, seed)]
        last: list[tuple[Arm | None, int]] = [(None, 0)]
        last += [(arm, epoch) for arm in arms for epoch in scored_epochs(self._plan, self._folder, arm)[-1:]]
        for arm, epoch in last:
            if arm is None and self._role == "target":  # it knows other classes, so its scores mean nothing here
                yield Shown(None, 0, gather([]), [None] * len(self.dataset.samples))
                continue
            key = self._scorer.key(self.item(arm, epoch))
            self._scorer.forget_modules()
            detections = load_detections_on(self.dataset, self._folder.detections(key))
            yield Shown(arm, epoch, detections, image_scores(self.dataset, detections))

    def look_with_original(self, images: Sequence[int], device: torch.device) -> None:
        """Detect with the original on some target images, which no evaluation needed."""
        if self._role == "reference":
            return
        original, *arms = self.shown
        few = replace(self.dataset, samples=tuple(self.dataset.samples[index] for index in images))
        network = self.item(None, 0).network
        found = evaluate(self._scorer.store, [network], few, self._plan.settings(), device)[network]
        placed = replace(found, image=np.asarray(images, dtype=np.int32)[found.image])
        self.shown = [replace(original, detections=placed), *arms]

    def item(self, arm: Arm | None, epoch: int) -> Scorable:
        """Return the network of the first scored head; on the reference, with the original's head attached."""
        scorer = self._scorer
        items = scorer.original_items() if arm is None else scorer.checkpoint_items(arm, epoch, [self._role])
        shown = {"head": (self.head,), "attach": (None, "head"), "variant": (None, TRAINED)}
        return next(item for item in items if all(item.cells[key] in cells for key, cells in shown.items()))
