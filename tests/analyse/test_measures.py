import pytest

from forgetbench.analyse.measures import forgetting, mean, specialisation_gain, spread


def test_forgetting_is_before_minus_after_and_positive_means_lost() -> None:
    assert forgetting(0.346, 0.172) == pytest.approx(0.174)
    assert forgetting(0.3, 0.35) == pytest.approx(-0.05)
    assert forgetting(0.35237, 0.35237) == 0


def test_gain_is_after_minus_the_reference_arm_and_positive_means_better() -> None:
    assert specialisation_gain(0.555, 0.432) == pytest.approx(0.123)
    assert specialisation_gain(0.4, 0.5) == pytest.approx(-0.1)


@pytest.mark.parametrize("pair", [(None, 0.1), (0.1, None), (None, None)])
def test_what_was_not_measured_gives_none(pair: tuple[float | None, float | None]) -> None:
    assert forgetting(*pair) is None
    assert specialisation_gain(*pair) is None


def test_mean_and_spread_need_every_value() -> None:
    assert mean([0.1, 0.3]) == pytest.approx(0.2)
    assert mean([0.1, None]) is None
    assert mean([]) is None
    assert spread([0.3, 0.1, 0.2]) == (0.1, 0.3)
    assert spread([0.3]) is None
    assert spread([0.3, None]) is None
