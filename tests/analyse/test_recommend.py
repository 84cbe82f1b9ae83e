"""Which detector is recommended, from intervals made by hand."""

import pytest

from forgetbench.analyse.recommend import Bounds, Candidate, Estimated, images_to_decide, recommend, standing

UNKNOWN = Estimated(None, None, None)


def one(
    arm: str, gain: float | None, lost: tuple[float, float, float] | None, flops: int | None = 10, **changes: object
) -> Candidate:
    known = Estimated(*lost) if lost else UNKNOWN
    gained = UNKNOWN if gain is None else Estimated(gain, gain - 0.01, gain + 0.01)
    made = {"label": arm, "epoch": 1, "head": "one-to-many", "attach": "head", "target": None, **changes}
    return Candidate(arm=arm, gain=gained, forgetting=known, flops=flops, **made)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ((0.01, 0.005, 0.02), "holds"),  # the whole interval
        ((0.01, 0.005, 0.021), "undecided"),
        ((0.021, 0.02, 0.03), "undecided"),
        ((0.03, 0.021, 0.04), "fails"),
        ((0.021, 0.01, 0.02), "undecided"),  # an interval that does not hold its value
        (None, "undecided"),
    ],
)
def test_a_bound_on_forgetting_is_judged_by_the_interval(
    lost: tuple[float, float, float] | None, expected: str
) -> None:
    assert standing(one("a", 0.1, lost), Bounds(forgetting=0.02)) == expected
    assert standing(one("a", 0.1, lost), Bounds()) == "holds"


def test_operations_are_counted_so_their_bound_is_never_undecided_but_where_they_were_not() -> None:
    lost = (0.0, 0.0, 0.0)
    assert standing(one("a", 0.1, lost, flops=10), Bounds(flops=10)) == "holds"
    assert standing(one("a", 0.1, lost, flops=11), Bounds(flops=10)) == "fails"
    assert standing(one("a", 0.1, lost, flops=None), Bounds(flops=10)) == "undecided"
    assert standing(one("a", 0.1, (0.05, 0.04, 0.06), flops=None), Bounds(0.01, 10)) == "fails"


def test_met_by_the_one_that_gains_most() -> None:
    least, best, more = one("a", 0.1, (0.0, 0.0, 0.0)), one("b", 0.2, (0.01, 0.0, 0.02)), one("c", 0.3, (0.3, 0.2, 0.4))
    found = recommend([least, best, more], Bounds(forgetting=0.02))
    assert found is not None
    assert (found.verdict, found.best, found.runner_up, found.better_if_decided) == ("met", best, least, None)


def test_equal_gains_are_decided_by_operations_then_by_forgetting() -> None:
    dear, cheap = one("a", 0.2, (0.0, 0.0, 0.0), flops=20), one("a", 0.2, (0.01, 0.0, 0.02), flops=10)
    worse = one("a", 0.2, (0.02, 0.0, 0.02), flops=10)
    found = recommend([dear, worse, cheap], Bounds(forgetting=0.05))
    assert found is not None
    assert found.best == cheap
    assert found.runner_up is None  # all are of one arm


def test_of_the_same_detector_the_attach_point_with_a_name_is_recommended() -> None:
    named, numbered = one("a", 0.2, (0.0, 0.0, 0.0), attach="freeze-point"), one("a", 0.2, (0.0, 0.0, 0.0), attach="12")
    for order in ([named, numbered], [numbered, named]):
        found = recommend(order, Bounds(forgetting=0.05))
        assert found is not None
        assert found.best == named


def test_an_undecided_one_that_gains_more_is_named_if_its_value_keeps_to_the_bound() -> None:
    sure, likely = one("a", 0.1, (0.0, 0.0, 0.0)), one("b", 0.2, (0.01, 0.0, 0.03))
    unlikely = one("c", 0.3, (0.025, 0.01, 0.04))
    found = recommend([sure, likely, unlikely], Bounds(forgetting=0.02))
    assert found is not None
    assert (found.verdict, found.best, found.better_if_decided) == ("met", sure, likely)


def test_undecided_where_none_surely_holds() -> None:
    unlikely, likely = one("a", 0.3, (0.025, 0.01, 0.04)), one("b", 0.2, (0.01, 0.0, 0.03))
    found = recommend([unlikely, likely, one("c", 0.4, (0.3, 0.2, 0.4))], Bounds(forgetting=0.02))
    assert found is not None
    assert (found.verdict, found.best, found.runner_up) == ("undecided", likely, unlikely)


def test_impossible_bounds_name_the_nearest_and_what_it_misses() -> None:
    far, near = one("a", 0.3, (0.2, 0.15, 0.25), flops=10), one("b", 0.1, (0.02, 0.015, 0.025), flops=12)
    bounds = Bounds(forgetting=0.01, flops=10)
    found = recommend([far, near], bounds)
    assert found is not None
    assert (found.verdict, found.best, found.runner_up) == ("impossible", near, far)
    assert bounds.excess(near) == pytest.approx((0.01, 2))
    assert bounds.excess(one("c", 0.1, (0.0, 0.0, 0.0))) == (0, 0)


def test_without_a_reference_arm_the_target_ranks() -> None:
    low, high = one("a", None, (0.0, 0.0, 0.0), target=0.3), one("b", None, (0.0, 0.0, 0.0), target=0.4)
    unknown = one("c", None, (0.0, 0.0, 0.0))
    found = recommend([unknown, low, high], Bounds())
    assert found is not None
    assert (found.best, found.runner_up) == (high, low)
    assert recommend([], Bounds()) is None


def test_the_images_that_would_decide() -> None:
    """Half the distance needs four times as many images; the end of the interval that lies across is what counts."""
    assert images_to_decide(Estimated(0.25, 0.0, 0.75), 0.5, 100) == 400
    assert images_to_decide(Estimated(0.75, 0.0, 0.8), 0.5, 100) == 900
    assert images_to_decide(Estimated(0.5, 0.0, 0.75), 0.5, 100) is None
    assert images_to_decide(UNKNOWN, 0.02, 100) is None


def test_gains_are_never_compared_with_scores() -> None:
    lost = (0.0, 0.0, 0.0)
    better = one("better", 0.02, lost, target=0.5)
    without_gain = one("without", None, lost, target=0.3)  # the reference arm of its seed diverged
    found = recommend([without_gain, better], Bounds())
    assert found is not None
    assert found.best == better
    assert found.runner_up == without_gain
