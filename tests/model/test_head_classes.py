from typing import Any

import pytest

from forgetbench.errors import WeightsError
from forgetbench.model.head_classes import head_class_names

TWELVE = tuple(f"n{index}" for index in range(12))


@pytest.mark.parametrize(
    "names",
    [
        list(TWELVE),
        TWELVE,
        dict(enumerate(TWELVE)),
        {str(index): name for index, name in enumerate(TWELVE)},
        {float(index): name for index, name in reversed(list(enumerate(TWELVE)))},
        {f"{index}.0": name for index, name in enumerate(TWELVE)},
        {index if index % 2 else str(index): name for index, name in enumerate(TWELVE)},
    ],
)
def test_names_are_ordered_by_number_whatever_form_the_number_has(names: Any) -> None:
    assert head_class_names(names, 12, "w") == TWELVE


@pytest.mark.parametrize(
    "names",
    [
        {1: "a", 2: "b"},
        {"0": "a", "2": "b"},
        {0: "a", "0": "b"},
        {0: "a", True: "b"},
        {"zero": "a", "one": "b"},
        {0: "a", 0.5: "b"},
        {0: "a", -1: "b"},
        {0: "a", float("nan"): "b"},
        {0: "a", float("inf"): "b"},
        {0: "a", (1,): "b"},
    ],
)
def test_indices_that_are_not_0_to_n_are_refused(names: Any) -> None:
    with pytest.raises(WeightsError, match="class indices are not consecutive; expected 0 to 1, each once"):
        head_class_names(names, 2, "w")


@pytest.mark.parametrize("name", ["", "  ", "\ud800", None, ["a"], b"a"])
def test_a_name_has_to_be_text_that_can_be_written(name: Any) -> None:
    with pytest.raises(WeightsError, match=r"not a class name.* at 1"):
        head_class_names(["a", name], 2, "w")


@pytest.mark.parametrize(("names", "count"), [(["a"], 2), (["a", "b", "c"], 2), ([], None), ({}, 2)])
def test_there_are_as_many_names_as_outputs(names: Any, count: Any) -> None:
    with pytest.raises(WeightsError, match="do not fit the head"):
        head_class_names(names, count, "w")


@pytest.mark.parametrize("count", [0, -1, "2", 2.0, True])
def test_the_number_of_outputs_is_a_whole_number(count: Any) -> None:
    with pytest.raises(WeightsError, match=f"nc: not a number of classes; expected .* from 1, found {count!r}"):
        head_class_names(["a", "b"], count, "w")


@pytest.mark.parametrize("names", [None, 5, "abc", {"a"}])
def test_what_is_no_list_is_refused(names: Any) -> None:
    with pytest.raises(WeightsError, match="no list of class names"):
        head_class_names(names, 1, "w")


def test_numbers_are_names_as_they_are_written() -> None:
    assert head_class_names([7, "é", 1.5], 3, "w") == ("7", "é", "1.5")
