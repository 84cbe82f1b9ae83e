"""Arms: every combination of a suite's freeze points or further arms with its settings, models and seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from forgetbench.analyse.tradeoff import FREEZE
from forgetbench.errors import SuiteError, brief
from forgetbench.evaluate.networks import HeadMode
from forgetbench.model import yolo
from forgetbench.model.blank import Blanks
from forgetbench.model.original import Original
from forgetbench.names import PLAIN, is_plain
from forgetbench.plan.cam_checks import modules_shown
from forgetbench.suite.points import freeze_label, resolve_attach_point, resolve_freeze_point
from forgetbench.suite.schema import Suite
from forgetbench.suite.train_section import ArmSpec
from forgetbench.suite.vary import Setting, arm_label, arm_name, settings_of, trained_under
from forgetbench.train.recipe import Recipe
from forgetbench.train.strategies import make_strategies


@dataclass(frozen=True)
class Arm:
    """One training configuration: model x freeze point x strategy x setting x seed.

    Attributes:
        name: Unique in the run, usable as a folder name.
        model: Name of the original.
        freeze_point: Index of the first module that ever trains.
        method: What people read: the freeze point, or the name the suite gives the arm.
        strategy: `freeze`, or the name the suite gives the arm.
        setting: What it trains under of the settings that the suite varies.
        seed: Decides the task head's start and the images' order and augmentation.
        recipe: How it trains.
    """

    name: str
    model: str
    freeze_point: int
    method: str
    strategy: str
    setting: Setting
    seed: int
    recipe: Recipe

    @property
    def label(self) -> str:
        """What people read: the method, and the setting where the suite varies any."""
        return arm_label(self.method, self.setting)


def make_arms(suite: Suite, originals: Mapping[str, Original], blanks: Blanks) -> list[Arm]:
    """Return every arm, grouped by model and seed: the freeze points first, then the suite's further arms; of each all
    settings in turn.

    Args:
        suite: What was asked for.
        originals: Models by name.
        blanks: Theirs: what arms are counted by.

    Raises:
        SuiteError: a freeze point or an option does not fit a model, or two freeze points are the same module.
    """
    arms: list[Arm] = []
    for model in originals:
        for seed in suite.seeds:
            arms += _freeze_arms(suite, model, blanks, seed)
            for index, spec in enumerate(suite.arms):
                arms += _further_arms(suite, spec, index, model, blanks, seed)
    return arms


def _freeze_arms(suite: Suite, model: str, blanks: Blanks, seed: int) -> Iterator[Arm]:
    parts = blanks.of(model, pretrained=suite.train.pretrained).parts
    listed: set[int] = set()
    for point in suite.freeze_points:
        index = resolve_freeze_point(point, head=parts.head, neck=parts.neck)
        if index in listed:
            raise SuiteError(
                "two freeze points are the same module",
                where="freeze_points",
                found=f"'{point}' is {index} in {model}, which is already listed",
            )
        listed.add(index)
        method = freeze_label(index, parts.head, parts.neck)
        for setting in settings_of(suite.vary):
            train = trained_under(suite.train, setting)
            recipe = Recipe(parts, index, train, pretrained=suite.train.pretrained, where="train.pretrained")
            name = arm_name(model, f"freeze{index}", setting, seed)
            yield Arm(name, model, index, method, FREEZE, setting, seed, recipe)


def _further_arms(suite: Suite, spec: ArmSpec, index: int, model: str, blanks: Blanks, seed: int) -> Iterator[Arm]:
    where = f"arms[{index}]"
    pretrained = suite.train.pretrained and spec.pretrained
    parts = blanks.of(model, pretrained=pretrained).parts
    own = spec.train.model_dump(exclude_none=True)
    for setting in settings_of(suite.vary, own):
        recipe = Recipe(
            parts,
            resolve_freeze_point(spec.freeze_point, head=parts.head, neck=parts.neck, where=f"{where}.freeze_point"),
            trained_under(suite.train, setting, own),
            pretrained=pretrained,
            strategies=make_strategies(spec.strategy, parts, f"{where}.strategy"),
            where=where,
        )
        point = recipe.freeze_point
        name, method = arm_name(model, spec.name, setting, seed), f"{spec.name} ({point})"
        yield Arm(name, model, point, method, spec.name, setting, seed, recipe)


def advice(arms: Sequence[Arm]) -> list[str]:
    """Return notes, a line each, on settings that decide much and are easily overlooked."""
    fast = [arm for arm in arms if arm.recipe.train.optimizer != "SGD" and arm.recipe.train.bias_rate > 0]
    if not fast:
        return []
    train = fast[0].recipe.train
    named = ", ".join(dict.fromkeys(arm.label for arm in fast))
    return [
        f"warmup_bias_lr is {train.bias_rate:g} with {train.optimizer} ({named}): its first steps move every bias, "
        "BatchNorm's above all, by up to that much whatever the gradient; where Ultralytics picks the optimizer, "
        "it takes 0"
    ]


def scored_heads(suite: Suite, original: Original) -> list[HeadMode]:
    """Return which of a model's heads are scored; a model with one head has only one-to-many."""
    return list(suite.evaluation.heads) if yolo.has_two_heads(original.model) else ["one-to-many"]


def check_arms(suite: Suite, originals: Mapping[str, Original], arms: Sequence[Arm]) -> None:
    """Check what a suite says against its models and arms as a whole.

    Raises:
        SuiteError: an attach point or a module to look at is not the model's, or the reference arm is not listed.
    """
    for model, original in originals.items():
        mine = [arm for arm in arms if arm.model == model]
        for arm in mine:
            if not is_plain(arm.name):
                raise SuiteError(
                    "an arm's name cannot be a folder's; it is made of the names of model, arm and settings",
                    where=f"arm '{arm.label}' of {model}",
                    expected=PLAIN,
                    found=brief(arm.name),
                )
            rows = [
                arm.recipe.parts.class_rows(one_to_one=head == "one-to-one") for head in scored_heads(suite, original)
            ]
            if (
                arm.recipe.pretrained
                and not arm.recipe.train.cls_remap
                and not all(map(arm.recipe.ever_trained.issuperset, rows))
            ):
                raise SuiteError(
                    "the class rows of a head that is scored start from random weights and would never train",
                    where=f"arm '{arm.strategy}'",
                    expected="a strategy that trains 'class', cls_remap, or evaluation.heads without that head",
                )
            for point in suite.attach_points:
                resolve_attach_point(point, freeze_point=arm.freeze_point, head=original.head)
        if suite.cam is not None:
            modules_shown(suite.cam, original)
        wanted = resolve_freeze_point(suite.reference_arm, head=original.head, neck=original.neck)
        if suite.train.pretrained and (wanted, FREEZE) not in [(arm.freeze_point, arm.strategy) for arm in mine]:
            raise SuiteError(
                "the reference arm is not among the freeze points",
                where="reference_arm",
                expected=f"one of {', '.join(str(point) for point in suite.freeze_points)}",
                found=suite.reference_arm,
            )
