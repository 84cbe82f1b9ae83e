"""Rows of how last checkpoints changed against their baselines: by class, by size of the objects, by kind of error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from forgetbench.data.shared_classes import Shared
from forgetbench.suite.data_section import Role

ChangeQuantity = Literal["gain", "forgetting", "change"]


@dataclass(frozen=True)
class ChangeRow:
    """How a number changed between last checkpoints and their baselines; AP are fractions, None is not known.

    Attributes:
        model, head, role, attach, treatment, against: On what, and the labels of both.
        seeds: How many pairs the means are over.
        quantity: `forgetting`: before minus after; `gain` and `change`: after minus before.
        before, after: Means over seeds.
        value: The mean of the quantity.
        images_low … high: Its 95 % intervals over images, over seeds and over both; those over seeds need several.
    """

    model: str
    head: str
    role: Role
    attach: str | None
    treatment: str
    against: str
    seeds: int
    quantity: ChangeQuantity
    before: float | None
    after: float | None
    value: float | None
    images_low: float | None
    images_high: float | None
    seeds_low: float | None
    seeds_high: float | None
    low: float | None
    high: float | None

    @property
    def honest(self) -> bool:
        """Whether it is of the target, or of the adapted trunk under the original's head."""
        return self.attach in (None, "head")


@dataclass(frozen=True)
class ClassChangeRow(ChangeRow):
    """How the AP of a class changed, or the mean AP over a super-category's classes that have instances.

    Attributes:
        kind: Which of the two.
        name, super_category: The latter None for classes that are not COCO's.
        shares: Whether a class of the other dataset has its name or its meaning.
        shared_with: Those classes, joined by semicolons.
        instances, images: Annotated boxes without crowd regions, and images that hold one.
    """

    kind: Literal["class", "super-category"]
    name: str
    super_category: str | None
    shares: Shared | None
    shared_with: str | None
    instances: int
    images: int


@dataclass(frozen=True)
class MeasureChangeRow(ChangeRow):
    """How a measure of a network changed.

    Attributes:
        measure: `ap`; `ap_small`, `ap_medium`, `ap_large`; `class_agnostic_ap`, `class_agnostic_ar`, `right_class_ap`;
            `error_…`: what AP50 would gain without errors of a TIDE type; `right_score`: median score of detections
            that match an object; `score_shift`: median change of that score over the objects found before and after.
    """

    measure: str
