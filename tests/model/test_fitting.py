"""What a file holds against what its architecture leads to."""

import pytest
import torch
from torch import nn

from forgetbench.errors import WeightsError
from forgetbench.model.fitting import check_names, check_shapes, check_values


def test_values_that_a_view_repeats_are_not_taken() -> None:
    honest = torch.zeros(10)
    check_values({"a": honest, "b": honest[:5], "c": honest.view(2, 5)}, "w.pt")
    with pytest.raises(WeightsError, match="tensors claim more values than the file holds; found 4000 bytes"):
        check_values({"a": torch.zeros(1).expand(1000)}, "w.pt")


def test_names_are_those_of_the_model() -> None:
    expected = nn.Conv2d(1, 1, 1).state_dict()
    check_names(expected, dict(expected), "w.pt")
    with pytest.raises(WeightsError, match=r"expected 2 tensors, found 1, 1 missing and 0 unknown such as 'bias'"):
        check_names(expected, {"weight": torch.zeros(1)}, "w.pt")
    with pytest.raises(WeightsError, match=r"found 3, 0 missing and 1 unknown such as 'more'"):
        check_names(expected, {**expected, "more": torch.zeros(1)}, "w.pt")


def test_shapes_and_kinds_of_numbers_are_those_of_the_model() -> None:
    expected = {"a": torch.zeros(2, 3), "n": torch.tensor(0)}
    check_shapes(expected, {"a": torch.zeros(2, 3, dtype=torch.float16), "n": torch.tensor(5)}, "w.pt")
    with pytest.raises(WeightsError, match=r"w\.pt: a: .* wrong shape; expected \(2, 3\), found \(3, 2\)"):
        check_shapes(expected, {"a": torch.zeros(3, 2)}, "w.pt")
    with pytest.raises(WeightsError, match=r"n: .* wrong type; expected torch\.int64, found torch\.float32"):
        check_shapes(expected, {"n": torch.tensor(0.0)}, "w.pt")
