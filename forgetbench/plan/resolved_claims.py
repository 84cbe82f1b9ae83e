"""A suite's claims, matched with the arms they speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from forgetbench.errors import SuiteError
from forgetbench.model.original import Original
from forgetbench.plan.arms import Arm
from forgetbench.record.manifest import ClaimRecord, ComparedRecord
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.suite.arms import FREEZE
from forgetbench.suite.claims import Claim
from forgetbench.suite.points import FREEZE_WORDS, freeze_label, freeze_point_problem, resolve_freeze_point
from forgetbench.suite.schema import Suite


def resolve_claims(suite: Suite, originals: Mapping[str, Original], arms: Sequence[Arm]) -> list[ClaimRecord]:
    """Return every claim as the manifest keeps it: its own fields, and per model the labels of what it compares.

    Freeze points, attach points and models that the suite does not list are kept: their claims count as not measured.

    Raises:
        SuiteError: a claim names an arm that is neither one of the suite's nor a freeze point of the model.
    """
    resolved: list[ClaimRecord] = []
    matched = {"arms", "models", "over", "settings"}
    for index, claim in enumerate(suite.claims):
        compared = [
            _compared(claim, suite, original, arms, model, f"claims[{index}]")
            for (model, original), name in zip(originals.items(), suite.models, strict=True)
            if claim.models is None or name in claim.models
        ]
        resolved.append(cast(ClaimRecord, {**claim.model_dump(mode="json", exclude=matched), "compared": compared}))
    return resolved


def _compared(
    claim: Claim, suite: Suite, original: Original, arms: Sequence[Arm], model: str, where: str
) -> ComparedRecord:
    """Return the labels of the arms of one model that a claim speaks of, and of what they are compared to.

    Where settings vary, a claim about an arm covers all its settings, and an arm compared to stands for its first one.
    At equal gain settings are not told apart, so there arms are named by their methods.
    """
    mine = [arm for arm in arms if arm.model == model]
    if claim.settings is not None:
        known = list(dict.fromkeys(str(arm.setting) for arm in mine))
        unknown = [name for name in claim.settings if name not in known]
        if unknown:
            raise SuiteError(
                "no such setting", where=f"{where}.settings", expected=f"one of {', '.join(known)}", found=unknown[0]
            )
    over = claim.over
    if over is None and claim.quantity != "forgetting":
        over = suite.reference_arm

    def labels(method: str) -> list[str]:
        """Return how tables call a method's arms; a freeze point that the suite does not list keeps its name."""
        if claim.at_gain is not None:
            return [method]
        named = [arm for arm in mine if arm.method == method]
        if claim.settings is not None:
            named = [arm for arm in named if str(arm.setting) in claim.settings]
        return list(dict.fromkeys(arm.label for arm in named)) or [method]

    against = ORIGINAL
    if over is not None:
        method = _method(over, mine, original, f"{where}.over")
        first = next((arm.label for arm in mine if arm.method == method), method)
        against = method if claim.at_gain is not None else first
    if claim.arms is None:
        methods = list(dict.fromkeys(arm.method for arm in mine))
    else:
        methods = [_method(arm, mine, original, f"{where}.arms") for arm in claim.arms]
    spoken_of = [label for method in methods for label in labels(method) if claim.arms or label != against]
    return {"model": model, "treatments": spoken_of, "against": against}


def _method(named: int | str, arms: Sequence[Arm], original: Original, where: str) -> str:
    further = {arm.strategy: arm.method for arm in arms if arm.strategy != FREEZE}
    if named in further:
        return further[str(named)]
    if freeze_point_problem(named) is not None:
        known = [*further, FREEZE_WORDS]
        raise SuiteError("no such arm", where=where, expected=", ".join(known), found=named)
    index = resolve_freeze_point(named, head=original.head, neck=original.neck, where=where)
    return freeze_label(index, original.head, original.neck)
