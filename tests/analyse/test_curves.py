from dataclasses import replace

from forgetbench.analyse.curves import curves
from forgetbench.analyse.tradeoff import Point, Treatment

POINT = Point("a", "m", Treatment(10), 0, 1, "one-to-many", "head", 0.1, 0.2, None, 0.3)


def test_a_curve_per_treatment_in_order_of_epochs() -> None:
    points = [replace(POINT, epoch=2, target_ap=0.4), POINT, replace(POINT, treatment=Treatment(22), target_ap=0.7)]
    deep, shallow = curves(points, lambda point: point.target_ap)
    assert (deep.treatment, deep.epochs, deep.values) == (Treatment(10), [1, 2], [0.1, 0.4])
    assert deep.ranges == [None, None]
    assert (shallow.treatment, shallow.values) == (Treatment(22), [0.7])


def test_seeds_are_averaged_and_their_range_kept() -> None:
    (curve,) = curves([POINT, replace(POINT, seed=1, target_ap=0.3)], lambda point: point.target_ap)
    assert (curve.values, curve.ranges) == ([0.2], [(0.1, 0.3)])


def test_epochs_without_a_measured_value_are_left_out() -> None:
    assert curves([POINT], lambda point: point.gain)[0].epochs == []
    (curve,) = curves([POINT, replace(POINT, epoch=2, target_ap=None)], lambda point: point.target_ap)
    assert curve.epochs == [1]
