"""A suite's claims, matched with the arms they speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forgetbench.analyse.tradeoff import FREEZE, ORIGINAL
from forgetbench.errors import SuiteError
from forgetbench.model.original import Original
from forgetbench.run.arms import Arm
from forgetbench.suite.claims import Claim
from forgetbench.suite.points import FREEZE_WORDS, freeze_label, freeze_point_problem, resolve_freeze_point
from forgetbench.suite.schema import Suite


def resolve_claims(suite: Suite, originals: Mapping[str, Original], arms: Sequence[Arm]) -> list[dict[str, Any]]:
    """Return every claim as the manifest keeps it: its own fields, and per model the labels of what it compares.

    Freeze points, attach points and models that the suite does not list stay in: what is said of them is not measured.

    Raises:
        SuiteError: a claim names an arm that is neither one of the suite's nor a freeze point of the model.
    """
    resolved = []
    for index, claim in enumerate(suite.claims):
        compared = [
            {"model": model, **_compared(claim, suite, original, arms, model, f"claims[{index}]")}
            for (model, original), name in zip(originals.items(), suite.models, strict=True)
            if claim.models is None or name in claim.models
        ]
        resolved.append({**claim.model_dump(mode="json", exclude={"arms", "models", "over"}), "compared": compared})
    return resolved


def _compared(
    claim: Claim, suite: Suite, original: Original, arms: Sequence[Arm], model: str, where: str
) -> dict[str, Any]:
    """Return the labels of the arms of one model that a claim speaks of, and of what they are compared to."""
    labels = {arm.strategy: arm.label for arm in arms if arm.model == model and arm.strategy != FREEZE}
    listed = list(dict.fromkeys(arm.label for arm in arms if arm.model == model))
    against = ORIGINAL
    if claim.quantity != "forgetting":
        against = _label(claim.over or suite.reference_arm, labels, original, f"{where}.over")
    if claim.arms is None:
        spoken_of = [label for label in listed if label != against]
    else:
        spoken_of = [_label(arm, labels, original, f"{where}.arms") for arm in claim.arms]
    return {"treatments": spoken_of, "against": against}


def _label(named: int | str, labels: Mapping[str, str], original: Original, where: str) -> str:
    if named in labels:
        return labels[str(named)]
    if freeze_point_problem(named) is not None:
        known = [*labels, FREEZE_WORDS]
        raise SuiteError("no such arm", where=where, expected=", ".join(known), found=named)
    index = resolve_freeze_point(named, head=original.head, neck=original.neck, where=where)
    return freeze_label(index, original.head, original.neck)
