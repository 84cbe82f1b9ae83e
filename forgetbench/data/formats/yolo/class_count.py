"""From where the class numbers of label files count: 0, unless what all files have in common proves 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from forgetbench.errors import DataError

_SAY = "say 'classes_from: {}' beside the path in the suite"
#: Boxes of one class too many from which a split counts otherwise than the others: a single one may be a slip.
_NO_SLIP = 2


def refuse_count_from_one(
    root: Path, names: int, splits: Mapping[str, Counter[int]], is_zero_elsewhere: Callable[[], bool]
) -> None:
    """Refuse class numbers that count from 1, in all splits or in one of them.

    Args:
        root: The dataset's folder.
        names: How many classes have names.
        splits: How often each split that is used has each class number.
        is_zero_elsewhere: Tells whether a split that is not used has a class 0; asked only where that matters.

    Raises:
        DataError: there is no class 0 and one class too many.
    """
    expected = f"class numbers from 0 to {names - 1} for {names} names"
    counts = {split: numbers for split, numbers in splits.items() if numbers}
    if _is_one_too_many({number for numbers in counts.values() for number in numbers}, names):
        if is_zero_elsewhere():
            return
        raise DataError(
            "the labels seem to count classes from 1",
            where=root,
            expected=expected,
            found=f"class {names}, and no box of class 0",
            fix=f"If they do, {_SAY.format(1)} (--classes-from 1 for 'forgetbench new'); if they do not, "
            "'classes_from: 0'.",
        )
    from_zero = [numbers for numbers in counts.values() if 0 in numbers]
    # Where splits that count from 0 have that class too, its name is what is missing.
    if not from_zero or any(names in numbers for numbers in from_zero):
        return
    for split, numbers in counts.items():
        if _is_one_too_many(set(numbers), names) and numbers[names] >= _NO_SLIP:
            raise DataError(
                f"the labels of part '{split}' seem to count classes from 1, others from 0",
                where=root,
                expected=expected,
                found=f"{numbers[names]} boxes of class {names} in this part, and none of class 0",
                fix=f"If they do, take 1 off each class number in the label files of '{split}'; if they do not, "
                f"{_SAY.format(0)}.",
            )


def _is_one_too_many(numbers: set[int], names: int) -> bool:
    """Tell whether classes are used up to exactly one too many, and no class 0."""
    return bool(numbers) and min(numbers) > 0 and max(numbers) == names
