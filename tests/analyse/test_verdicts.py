import pytest

from forgetbench.analyse.verdicts import Estimate, judge, together
from forgetbench.record.rows.differences import Verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.2, 0.05, "supported"),
        (0.05, 0.15, "undecided"),
        (0.1, 0.3, "refuted"),
        (0.15, 0.3, "refuted"),
        (0.0, 0.1, "undecided"),
    ],
)
def test_the_whole_interval_decides(low: float, high: float, verdict: Verdict) -> None:
    estimate = Estimate((low + high) / 2, low, high)
    assert judge(estimate, below=0.1, above=None) == verdict
    mirrored = Estimate(-(low + high) / 2, -high, -low)
    assert judge(mirrored, below=None, above=-0.1) == verdict


def test_a_value_without_uncertainty_is_judged_as_it_is() -> None:
    assert judge(Estimate(0.0, 0.0, 0.0), below=0.001, above=None) == "supported"
    assert judge(Estimate(0.0, 0.0, 0.0), below=None, above=0.0) == "refuted"  # not above, but equal


def test_what_was_not_measured_has_no_verdict() -> None:
    assert judge(Estimate(None, None, None), below=1.0, above=None) == "not measured"


def test_without_an_interval_nothing_is_decided() -> None:
    assert judge(Estimate(0.5, None, None), below=1.0, above=None) == "undecided"


@pytest.mark.parametrize(
    ("verdicts", "every", "some"),
    [
        (["supported", "supported"], "supported", "supported"),
        (["supported", "refuted"], "refuted", "supported"),
        (["refuted", "refuted"], "refuted", "refuted"),
        (["supported", "undecided"], "undecided", "supported"),
        (["refuted", "undecided"], "refuted", "undecided"),
        (["supported", "not measured"], "undecided", "supported"),
        (["refuted", "not measured"], "refuted", "undecided"),
        (["not measured"], "not measured", "not measured"),
        ([], "not measured", "not measured"),
    ],
)
def test_verdicts_of_arms_make_one(verdicts: list[Verdict], every: Verdict, some: Verdict) -> None:
    assert together(verdicts, "every") == every
    assert together(verdicts, "some") == some
