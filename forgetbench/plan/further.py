"""What strategies need besides the target's data: further images to train on, and the packages they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forgetbench.data.align import align_classes
from forgetbench.data.dataset import Dataset, OddityReport
from forgetbench.data.load import LoadedData
from forgetbench.errors import SuiteError
from forgetbench.model.original import Original
from forgetbench.plan.arms import Arm
from forgetbench.suite.schema import Suite
from forgetbench.train.strategies import find_strategy, package_of
from forgetbench.train.strategies.base import DataSplit


def data_wanted(suite: Suite) -> dict[DataSplit, str]:
    """Return the splits that strategies ask for besides the target's, each with the place in the suite that asks first.

    Raises:
        SuiteError: a strategy is unknown.
    """
    wanted: dict[DataSplit, str] = {}
    for index, arm in enumerate(suite.arms):
        for name in arm.strategy:
            where = f"arms[{index}].strategy.{name}"
            for split in find_strategy(name, where).needs_data:
                wanted.setdefault(split, where)
    return wanted


def find_further_images(
    arms: Iterable[Arm], wanted: Mapping[DataSplit, str], reference: LoadedData, evaluated: Dataset, original: Original
) -> None:
    """Let the arms of one model choose the further images that they train on.

    Args:
        arms: The arms.
        wanted: What `data_wanted` gave.
        reference: The reference data as they were read.
        evaluated: The split that is scored, classes in the order of the model's head.
        original: The model.

    Raises:
        SuiteError: the reference has no part to train on.
        DataError: no class of it is known to the model.
    """
    data: dict[DataSplit, Dataset] = {}
    if "reference.train" in wanted:
        if reference.train is None:
            raise SuiteError(
                "trains on the reference's training part, and the reference has none",
                where=wanted["reference.train"],
                fix="Name one with 'reference.train'.",
            )
        # what is odd about its classes is known from the split that is scored
        data["reference.train"] = align_classes(reference.train, original.classes, OddityReport())
    if "reference.evaluate" in wanted:
        data["reference.evaluate"] = evaluated
    for arm in arms:
        arm.recipe.find_sources(data, arm.seed)


def further_identity(suite: Suite, arms: Iterable[Arm]) -> dict[str, Any]:
    """Return what decides numbers beside the suite's own data and forgetbench's own strategies; nothing where they do.

    `packages` are the installed packages, with versions, that strategies come from, by the strategy's name; `further`
    are the fingerprints of further images by arm.
    """
    named = {name for arm in suite.arms for name in arm.strategy}
    packages = {name: package for name in sorted(named) if (package := package_of(name)) is not None}
    further = {
        arm.name: [source.dataset.fingerprint() for _, source in arm.recipe.sources]
        for arm in arms
        if arm.recipe.sources
    }
    return {key: value for key, value in (("packages", packages), ("further", further)) if value}
