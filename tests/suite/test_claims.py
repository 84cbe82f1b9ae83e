"""What a claim in a suite may say."""

from typing import Any

import pytest
from support.suites import load, problem

CLAIM: dict[str, Any] = {
    "name": "kept", "says": "nothing is lost", "source": "page 4", "quantity": "forgetting", "attach": "head",
    "below": 0.001,
}  # fmt: skip


def said(**changes: Any) -> list[dict[str, Any]]:
    return [{key: value for key, value in {**CLAIM, **changes}.items() if value is not ...}]


def test_a_claim_and_its_defaults() -> None:
    (claim,) = load(claims=said()).claims
    assert (claim.measure, claim.of, claim.arms, claim.over, claim.models) == ("ap", "every", None, None, None)
    (gain,) = load(claims=said(quantity="gain", attach=..., below=..., above=0.1, arms=[10], over="none")).claims
    assert (gain.arms, gain.over, gain.above) == ([10], "none", 0.1)
    assert load(claims=said(measure="ap_kept"), keep=["car"]).claims[0].measure == "ap_kept"
    assert load(claims=said(measure="recall_at_0.25")).claims[0].measure == "recall_at_0.25"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"below": ...}, "expected one bound, 'below' or 'above'"),
        ({"above": 0.1}, "expected one bound, 'below' or 'above'"),
        ({"attach": ...}, "'attach' belongs to claims of forgetting, and they need it"),
        ({"quantity": "gain"}, "'attach' belongs to claims of forgetting, and they need it"),
        ({"at_gain": 0.05, "measure": "ap50"}, "'at_gain' belongs to claims of forgetting, measured as ap"),
        ({"at_gain": 0.05, "quantity": "gain", "attach": ...}, "'at_gain' belongs to claims of forgetting"),
        ({"at_gain": 0.05, "settings": ["SGD"]}, "'settings' does not go with 'at_gain'"),
        ({"at_gain": 0}, "claims[0].at_gain: expected a number greater than 0"),
        ({"quantity": "memory", "attach": ..., "measure": "ap50"}, "'measure' does not go with memory"),
        ({"measure": "recall_at_0.5"}, "claims[0].measure"),
        ({"measure": "ap_kept"}, "the claim 'kept' is about 'ap_kept'; name the classes with 'keep'"),
        (
            {"quantity": "gain", "attach": ..., "measure": "ap50_kept"},
            "'ap50_kept' is of the reference's classes: it belongs to claims of forgetting",
        ),
        ({"source": ...}, "claims[0].source"),
        ({"quantity": "speed"}, "'speed'"),
        ({"below": "little"}, "claims[0].below"),
        ({"attach": "tail"}, "unknown attach point 'tail'"),
        ({"attach": "all"}, "unknown attach point 'all'"),
        ({"bound": 1}, "claims[0].bound: unknown key"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], expected: str) -> None:
    text = problem(claims=said(**changes))
    assert expected in text
    assert "\n" not in text


def test_claims_have_names_of_their_own() -> None:
    assert "'kept' is listed twice" in problem(claims=said() + said())
