"""The model of a choice: two networks of a run in one, or one of them, with what its outputs are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from torch import Tensor, nn

from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.variants import SCORED
from forgetbench.model import yolo
from forgetbench.model.combined import CombinedClasses, combine, combine_classes
from forgetbench.model.single import single
from forgetbench.plan.plan import Plan
from forgetbench.ship.choice import Choice
from forgetbench.suite.points import resolve_attach_point


def make_detector(
    plan: Plan, choice: Choice, tensors: Mapping[str, Tensor], *, merge_classes: bool
) -> tuple[yolo.Yolo, CombinedClasses]:
    """Return the detector of a choice, and its classes.

    Args:
        plan: What the run ran.
        choice: An arm of the plan.
        tensors: Of its checkpoint.
        merge_classes: Whether classes of one name on both sides are one output.
    """
    arm = next(arm for arm in plan.arms if arm.name == choice.arm["arm"])
    original, target = plan.originals[arm.model], plan.target.evaluate
    store = ModuleStore(original)
    keys = store.put_branch(arm.freeze_point, plan.blank(arm).modules[arm.freeze_point :], tensors)
    variant = next(one for one in SCORED if one.name == choice.variant)
    one_to_one = choice.head == "one-to-one"

    def modules_of(network: Network) -> list[nn.Module]:
        return store.modules_of(variant.network(store, network))

    task = store.task_network(arm.freeze_point, keys, choice.head)
    if choice.attach is None:
        model = single(original, modules_of(task), target.classes, one_to_one=one_to_one)
        return model, CombinedClasses(tuple(target.classes), (), tuple(range(len(target.classes))))
    attach = resolve_attach_point(choice.attach, freeze_point=arm.freeze_point, head=original.head)
    if choice.only is not None:
        network = store.reference_network(arm.freeze_point, keys, attach, choice.head)
        model = single(original, modules_of(network), original.classes, one_to_one=one_to_one)
        return model, CombinedClasses(original.classes, tuple(range(len(original.classes))), ())
    classes = combine_classes(original.classes, target.classes, merge=merge_classes, suffix=target.name)
    branch = modules_of(task)[arm.freeze_point :]
    return combine(original, branch, arm.freeze_point, attach, classes, one_to_one=one_to_one), classes


def file_content(model: yolo.Yolo, text: Mapping[str, Any], imgsz: int) -> dict[str, Any]:
    """Return what Ultralytics expects in a file of weights, and what we say of it."""
    return {
        "model": model.half(),
        "train_args": {"task": "detect", "imgsz": imgsz},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": yolo.version(),
        "license": "AGPL-3.0 License (https://ultralytics.com/license)",
        "forgetbench": dict(text),
    }
