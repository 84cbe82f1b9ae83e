"""Class numbers that count from 1: refused where nothing else explains them."""

from collections import Counter
from pathlib import Path

import pytest

from forgetbench.data.formats.yolo.class_count import refuse_count_from_one
from forgetbench.errors import DataError


def check(*parts: dict[int, int], names: int = 3, zero_elsewhere: bool = False) -> None:
    splits = {f"part{index}": Counter(numbers) for index, numbers in enumerate(parts)}
    refuse_count_from_one(Path("/data"), names, splits, lambda: zero_elsewhere)


@pytest.mark.parametrize(
    "parts",
    [({0: 1, 3: 1},), ({1: 5, 2: 5},), ({2: 1, 4: 1},), ({},), ({0: 2, 1: 1}, {1: 2, 3: 1}),
     ({0: 2, 3: 1}, {1: 2, 3: 5})],
)  # fmt: skip
def test_what_may_count_from_zero_is_let_through(parts: tuple[dict[int, int], ...]) -> None:
    check(*parts)


def test_one_class_too_many_and_none_of_zero_is_refused() -> None:
    with pytest.raises(DataError, match=r"count classes from 1; expected .* from 0 to 2 .*found class 3, and"):
        check({1: 1, 3: 1}, {2: 1})
    check({1: 1, 3: 1}, {2: 1}, zero_elsewhere=True)


def test_a_part_that_counts_otherwise_than_the_others_is_named() -> None:
    with pytest.raises(DataError, match=r"part 'part1' seem to count classes from 1.*found 2 boxes of class 3"):
        check({0: 1, 2: 1}, {1: 1, 3: 2})
