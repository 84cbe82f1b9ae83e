"""Rates that fall with depth, by hand."""

import pytest
from support.factories import tiny_original

from forgetbench.model.parts import Parts
from forgetbench.train.strategies.layerwise import Layerwise

PARTS = Parts(tiny_original())


@pytest.mark.parametrize(
    ("name", "rate"),
    [("model.22.cv3.0.2.bias", 1.0), ("model.21.cv1.conv.weight", 0.5), ("model.19.conv.weight", 0.25),
     ("model.18.cv1.conv.weight", 0.125)],
)  # fmt: skip
def test_each_module_with_parameters_takes_half_the_rate_of_the_next(name: str, rate: float) -> None:
    assert Layerwise(0.5, PARTS, "here").rate(PARTS[name]) == rate  # module 20 holds no parameters


def test_a_factor_of_one_changes_nothing() -> None:
    assert {Layerwise(1.0, PARTS, "here").rate(part) for part in PARTS} == {1.0}
