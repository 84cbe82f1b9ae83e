"""Arms: every combination of a suite's freeze points or further arms with its settings, models and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forgetbench.errors import SuiteError, brief
from forgetbench.model import yolo
from forgetbench.model.blank import Blanks
from forgetbench.model.original import Original
from forgetbench.names import PLAIN, is_plain
from forgetbench.plan.cam_checks import modules_shown
from forgetbench.suite.arms import FREEZE, Ends, ListedArm, list_arms, reference_arms
from forgetbench.suite.evaluation import scored_heads
from forgetbench.suite.kinds import HeadMode
from forgetbench.suite.points import attach_points_of, resolve_attach_point
from forgetbench.suite.schema import Suite
from forgetbench.train.recipe import Recipe
from forgetbench.train.strategies import make_strategies


@dataclass(frozen=True)
class Arm(ListedArm):
    """An arm with how it trains.

    Attributes:
        recipe: What trains above its freeze point, when, at which rates.
    """

    recipe: Recipe


def make_arms(suite: Suite, originals: Mapping[str, Original], blanks: Blanks) -> list[Arm]:
    """Return every arm, in the order of `list_arms`.

    Args:
        suite: What was asked for.
        originals: Models by name.
        blanks: Theirs: what arms are counted by.

    Raises:
        SuiteError: a freeze point or an option does not fit a model, or two freeze points are the same module.
    """
    return [_with_recipe(suite, listed, blanks) for listed in list_arms(suite, ends_of(originals))]


def ends_of(originals: Mapping[str, Original]) -> dict[str, Ends]:
    """Return where each model's trunk ends."""
    return {name: Ends(original.head, original.neck) for name, original in originals.items()}


def _with_recipe(suite: Suite, listed: ListedArm, blanks: Blanks) -> Arm:
    pretrained = suite.train.pretrained
    if listed.further is None:
        parts = blanks.of(listed.model, pretrained=pretrained).parts
        recipe = Recipe(parts, listed.freeze_point, listed.train, pretrained=pretrained, where="train.pretrained")
        return Arm(**vars(listed), recipe=recipe)
    spec, where = suite.arms[listed.further], f"arms[{listed.further}]"
    pretrained = pretrained and spec.pretrained
    parts = blanks.of(listed.model, pretrained=pretrained).parts
    recipe = Recipe(
        parts,
        listed.freeze_point,
        listed.train,
        pretrained=pretrained,
        strategies=make_strategies(spec.strategy, parts, f"{where}.strategy"),
        where=where,
    )
    return Arm(**vars(listed.from_module(recipe.freeze_point)), recipe=recipe)


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


def heads_of(suite: Suite, original: Original) -> list[HeadMode]:
    """Return which of a model's heads are scored."""
    return scored_heads(suite.evaluation.heads, two_heads=yolo.has_two_heads(original.model))


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
            rows = [arm.recipe.parts.class_rows(one_to_one=head == "one-to-one") for head in heads_of(suite, original)]
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
            for point in attach_points_of(suite.attach_points, original.head):
                resolve_attach_point(point, freeze_point=arm.freeze_point, head=original.head)
        if suite.cam is not None:
            modules_shown(suite.cam, original)
        wanted = reference_arms(suite, ends_of({model: original})).get(model)
        if wanted is not None and (wanted, FREEZE) not in [(arm.freeze_point, arm.strategy) for arm in mine]:
            raise SuiteError(
                "the reference arm is not among the freeze points",
                where="reference_arm",
                expected=f"one of {', '.join(str(point) for point in suite.freeze_points)}",
                found=suite.reference_arm,
            )
