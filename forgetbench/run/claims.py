"""A suite's claims, matched with the arms they speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forgetbench.analyse.tradeoff import FREEZE
from forgetbench.errors import SuiteError
from forgetbench.model.original import Original
from forgetbench.run.arms import Arm
from forgetbench.suite.claims import Claim
from forgetbench.suite.points import freeze_point_problem, resolve_freeze_point
from forgetbench.suite.schema import Suite


def resolve_claims(suite: Suite, originals: Mapping[str, Original], arms: Sequence[Arm]) -> list[dict[str, Any]]:
    """Return every claim as the manifest keeps it: its own fields, and per model the labels of what it compares.

    Raises:
        SuiteError: a claim names a model, an arm or an attach point that the suite does not have.
    """
    resolved = []
    for index, claim in enumerate(suite.claims):
        where = f"claims[{index}]"
        if claim.attach is not None and claim.attach not in suite.attach_points:
            listed = ", ".join(map(str, suite.attach_points))
            raise SuiteError(
                "not an attach point of this suite", where=f"{where}.attach", expected=listed, found=claim.attach
            )
        for model in claim.models or ():
            if model not in suite.models:
                raise SuiteError(
                    "not a model of this suite",
                    where=f"{where}.models",
                    expected=", ".join(suite.models),
                    found=model,
                )
        compared = []
        for model, name in zip(originals, suite.models, strict=True):
            if claim.models is None or name in claim.models:
                compared.append({"model": model, **_compared(claim, suite, originals[model], arms, model, where)})
        resolved.append({**claim.model_dump(mode="json", exclude={"arms", "models", "over"}), "compared": compared})
    return resolved


def _compared(
    claim: Claim, suite: Suite, original: Original, arms: Sequence[Arm], model: str, where: str
) -> dict[str, Any]:
    """Return the labels of the arms of one model that a claim speaks of, and of what they are compared to."""
    labels = {(arm.strategy, arm.freeze_point): arm.label for arm in arms if arm.model == model}
    against = "original"
    if claim.quantity != "forgetting":
        against = _label(claim.over or suite.reference_arm, labels, original, f"{where}.over")
    if claim.arms is None:
        spoken_of = [label for label in labels.values() if label != against]
    else:
        spoken_of = [_label(arm, labels, original, f"{where}.arms") for arm in claim.arms]
    return {"treatments": spoken_of, "against": against}


def _label(named: int | str, labels: Mapping[tuple[str, int], str], original: Original, where: str) -> str:
    for (strategy, _), label in labels.items():
        if strategy == named:
            return label
    if freeze_point_problem(named) is None:
        index = resolve_freeze_point(named, head=original.head, neck=original.neck, where=where)
        if (FREEZE, index) in labels:
            return labels[FREEZE, index]
    raise SuiteError("no such arm", where=where, expected=", ".join(labels.values()), found=named)
