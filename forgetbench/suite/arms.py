"""The arms that a suite comes to, as far as its text and the indices of its models' head and neck tell.

What is trained is made from this list, and what a run's manifest says of its arms is held against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from forgetbench.errors import SuiteError
from forgetbench.suite.points import freeze_label, resolve_freeze_point
from forgetbench.suite.schema import Suite
from forgetbench.suite.train_section import Train
from forgetbench.suite.vary import Setting, arm_label, arm_name, branch_settings, settings_of, trained_under

#: The strategy of arms that are only a freeze point; gain is measured against one of them.
FREEZE = "freeze"


class Ends(NamedTuple):
    """Where a model's trunk ends: indices of the detection head, and of the first neck module."""

    head: int
    neck: int


@dataclass(frozen=True)
class ListedArm:
    """One training configuration: model x freeze point x strategy x setting x seed.

    Attributes:
        model: Name of the original.
        freeze_point: Index of the first module that ever trains.
        method: What people read: the freeze point, or the name the suite gives the arm.
        strategy: `freeze`, or the name the suite gives the arm.
        setting: What it trains under of the settings that the suite varies.
        seed: Decides the task head's start and the images' order and augmentation.
        further: Which of the suite's further arms it is; None where it is only a freeze point.
        train: Its training settings.
    """

    model: str
    freeze_point: int
    method: str
    strategy: str
    setting: Setting
    seed: int
    further: int | None
    train: Train = field(compare=False)

    @property
    def name(self) -> str:
        """Unique in the run, usable as a folder name."""
        what = f"freeze{self.freeze_point}" if self.further is None else self.strategy
        return arm_name(self.model, what, self.setting, self.seed)

    @property
    def label(self) -> str:
        """What people read: the method, and the setting where the suite varies any."""
        return arm_label(self.method, self.setting)

    def from_module(self, index: int) -> ListedArm:
        """Return a further arm as its strategies make it: the first module that ever trains is another."""
        return replace(self, freeze_point=index, method=f"{self.strategy} ({index})")

    def record(self) -> dict[str, Any]:
        """Return what a manifest says of it."""
        return {
            "arm": self.name,
            "model": self.model,
            "freeze_point": self.freeze_point,
            "label": self.label,
            "method": self.method,
            "strategy": self.strategy,
            "setting": str(self.setting) or None,
            "seed": self.seed,
            "train": branch_settings(self.train),
        }


def list_arms(suite: Suite, models: Mapping[str, Ends]) -> Iterator[ListedArm]:
    """Yield every arm, grouped by model and seed: the freeze points first, then the suite's further arms; of each all
    settings in turn.

    Args:
        suite: What was asked for.
        models: Where each model's trunk ends, by its name.

    Raises:
        SuiteError: a freeze point does not fit a model, or two are the same module.
    """
    for model, ends in models.items():
        for seed in suite.seeds:
            yield from _freeze_points(suite, model, ends, seed)
            yield from _further_arms(suite, model, ends, seed)


def _freeze_points(suite: Suite, model: str, ends: Ends, seed: int) -> Iterator[ListedArm]:
    listed: set[int] = set()
    for point in suite.freeze_points:
        index = resolve_freeze_point(point, head=ends.head, neck=ends.neck)
        if index in listed:
            raise SuiteError(
                "two freeze points are the same module",
                where="freeze_points",
                found=f"'{point}' is {index} in {model}, which is already listed",
            )
        listed.add(index)
        method = freeze_label(index, ends.head, ends.neck)
        for setting in settings_of(suite.vary):
            train = trained_under(suite.train, setting)
            yield ListedArm(model, index, method, FREEZE, setting, seed, None, train)


def _further_arms(suite: Suite, model: str, ends: Ends, seed: int) -> Iterator[ListedArm]:
    for number, spec in enumerate(suite.arms):
        own = spec.train.model_dump(exclude_none=True)
        where = f"arms[{number}].freeze_point"
        index = resolve_freeze_point(spec.freeze_point, head=ends.head, neck=ends.neck, where=where)
        for setting in settings_of(suite.vary, own):
            train = trained_under(suite.train, setting, own)
            listed = ListedArm(model, index, "", spec.name, setting, seed, number, train)
            yield listed.from_module(index)


def reference_arms(suite: Suite, models: Mapping[str, Ends]) -> dict[str, int]:
    """Return the freeze point that gain is measured against, by model; none where arms start from random weights.

    Raises:
        SuiteError: it does not fit a model.
    """
    found = {
        model: resolve_freeze_point(suite.reference_arm, head=ends.head, neck=ends.neck)
        for model, ends in models.items()
    }
    return found if suite.train.pretrained else {}
