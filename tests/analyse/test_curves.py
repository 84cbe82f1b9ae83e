from dataclasses import replace

from forgetbench.analyse.curves import curves
from forgetbench.analyse.tradeoff import Point

POINT = Point("a", "m", 10, 0, 1, "one-to-many", "head", 0.1, 0.2, None, 0.3)


def test_a_curve_per_freeze_point_in_order_of_epochs() -> None:
    points = [replace(POINT, epoch=2, target_ap=0.4), POINT, replace(POINT, freeze_point=22, target_ap=0.7)]
    deep, shallow = curves(points, lambda point: point.target_ap)
    assert (deep.freeze_point, deep.epochs, deep.values, deep.ranges) == (10, [1, 2], [0.1, 0.4], [None, None])
    assert (shallow.freeze_point, shallow.values) == (22, [0.7])


def test_seeds_are_averaged_and_their_range_kept() -> None:
    (curve,) = curves([POINT, replace(POINT, seed=1, target_ap=0.3)], lambda point: point.target_ap)
    assert (curve.values, curve.ranges) == ([0.2], [(0.1, 0.3)])


def test_epochs_without_a_measured_value_are_left_out() -> None:
    assert curves([POINT], lambda point: point.gain)[0].epochs == []
    (curve,) = curves([POINT, replace(POINT, epoch=2, target_ap=None)], lambda point: point.target_ap)
    assert curve.epochs == [1]
