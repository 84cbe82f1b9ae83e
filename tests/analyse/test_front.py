"""Fronts by hand."""

import numpy as np
import pytest

from forgetbench.analyse.front import FrontPoint, at_gain, forgetting_resampled, front


def point(gain: float, forgetting: float, epoch: int = 1) -> FrontPoint:
    return FrontPoint("", epoch, gain, forgetting)


def test_only_what_nothing_beats_is_on_the_front() -> None:
    points = [point(0.1, 0.3), point(0.05, 0.1), point(0.04, 0.2), point(0.1, 0.4), point(-0.1, 0.0), point(0.02, 0.1)]
    assert front(points) == [point(-0.1, 0.0), point(0.05, 0.1), point(0.1, 0.3)]


def test_of_equal_points_the_first_is_taken() -> None:
    assert front([point(0.1, 0.2, epoch=3), point(0.1, 0.2, epoch=4)]) == [point(0.1, 0.2, epoch=3)]
    assert front([]) == []


def test_between_two_points_forgetting_is_interpolated() -> None:
    place = at_gain(front([point(0.02, 0.1), point(0.06, 0.3)]), 0.03)
    assert place is not None
    assert place.share == pytest.approx(0.25)
    assert place.forgetting == pytest.approx(0.15)
    assert place.slope == pytest.approx(5.0)


def test_a_smaller_gain_is_had_for_no_less_and_a_larger_one_not_at_all() -> None:
    found = front([point(0.02, 0.1), point(0.06, 0.3)])
    below = at_gain(found, -0.5)
    assert below is not None
    assert (below.first, below.second, below.forgetting, below.slope) == (found[0], found[0], 0.1, 0.0)
    exactly = at_gain(found, 0.06)
    assert exactly is not None
    assert exactly.forgetting == pytest.approx(0.3)
    assert at_gain(found, 0.0601) is None
    assert at_gain([], 0.0) is None


def test_each_resample_has_a_front_of_its_own() -> None:
    """In the second resample the point between is beaten; in the third nothing gains 0.05."""
    gains = np.array([[0.0, 0.0, 0.0], [0.04, 0.04, 0.01], [0.08, 0.08, 0.04]])
    lost = np.array([[0.1, 0.1, 0.1], [0.2, 0.5, 0.2], [0.4, 0.3, 0.4]])
    found = forgetting_resampled(gains, lost, [-0.1, 0.02, 0.05])
    np.testing.assert_allclose(found[0], [0.1, 0.1, 0.1])
    np.testing.assert_allclose(found[1], [0.15, 0.15, 0.2 + 0.2 / 3])
    np.testing.assert_allclose(found[2], [0.25, 0.225, np.nan])


def test_resampled_fronts_are_those_of_the_plain_definition() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        gains, lost = random.integers(0, 6, (2, 7)) / 10
        levels = [-0.1, 0.05, 0.1, 0.33, 0.5, 0.6]
        places = [at_gain(front(point(g, f) for g, f in zip(gains, lost, strict=True)), level) for level in levels]
        expected = [np.nan if place is None else place.forgetting for place in places]
        np.testing.assert_allclose(forgetting_resampled(gains[:, None], lost[:, None], levels)[:, 0], expected)
