"""Intervals against hand-computed values, and how often they hold the truth."""

import math

import numpy as np
import pytest

from forgetbench.analyse.uncertainty import percentiles, uncertain


def test_one_seed_has_an_interval_over_images_alone() -> None:
    found = uncertain([0.3], [np.linspace(0, 1, 1001)])
    assert (found.value, found.seeds) == (0.3, 1)
    assert found.over_images == pytest.approx((0.025, 0.975))
    assert (found.over_seeds, found.over_both) == (None, None)
    assert found.widest_known == found.over_images


def test_intervals_of_three_seeds_by_hand() -> None:
    resampled = [np.array([0.0, 0.2, 0.4, 0.6]), np.array([0.2, 0.4, 0.6, 0.8]), np.array([0.4, 0.6, 0.8, 1.0])]
    found = uncertain([0.1, 0.2, 0.3], resampled)
    assert found.value == pytest.approx(0.2)
    assert found.over_images == pytest.approx(np.quantile([0.2, 0.4, 0.6, 0.8], [0.025, 0.975]))
    half = 4.302652729911275 * 0.1 / math.sqrt(3)  # t of 2 degrees of freedom at 97.5 %, from a table
    assert found.over_seeds == pytest.approx((0.2 - half, 0.2 + half))
    over_seeds, over_images = 0.01 / 3, 0.2 / 3  # variances of the mean; 882 degrees of freedom
    wide = 1.9626 * math.sqrt(over_seeds + over_images)
    assert found.over_both == pytest.approx((0.2 - wide, 0.2 + wide), abs=1e-4)
    assert found.widest_known == found.over_both


def test_seeds_that_agree_leave_the_images() -> None:
    random = np.random.default_rng(0)
    image = random.normal(0.2, 0.05, 20_000)
    found = uncertain([0.2, 0.2], [image, image])
    assert found.over_seeds == pytest.approx((0.2, 0.2))
    assert found.over_both == pytest.approx((0.2 - 1.96 * 0.05, 0.2 + 1.96 * 0.05), abs=0.003)


def test_doubt_of_two_kinds_is_never_less_than_of_one() -> None:
    found = uncertain([0.1, 0.2], [np.linspace(-0.1, 0.2, 50), np.linspace(0.0, 0.3, 50)])
    assert found.over_both == found.over_seeds  # t of one degree of freedom is 12.7


def test_what_was_not_measured_has_no_intervals() -> None:
    found = uncertain([0.1, None], [np.ones(5), np.ones(5)])
    assert (found.value, found.over_images, found.over_seeds, found.over_both) == (None, None, None, None)
    assert uncertain([], []).value is None


def test_resamples_in_which_nothing_is_defined_are_left_out() -> None:
    found = uncertain([0.5], [np.array([np.nan, 0.4, 0.6, np.nan])])
    assert found.over_images == pytest.approx((0.405, 0.595))
    assert percentiles(np.zeros(0)) is None
    assert uncertain([0.5], [np.zeros(0)]).over_images is None


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_intervals_over_both_hold_the_truth(seeds: int) -> None:
    """Images err alike for all seeds, seeds each on their own; either may be the larger part."""
    random = np.random.default_rng(seeds)
    held = []
    for spread in (0.3, 1.0, 3.0):
        for _ in range(400):
            image = random.normal()
            values = image + random.normal(0, spread, seeds)
            resampled = random.normal(0, 1, 200)
            both = uncertain(values.tolist(), [value + resampled for value in values]).over_both
            assert both is not None
            held.append(both[0] <= 0 <= both[1])
    assert 0.93 <= np.mean(held) <= 0.98
