"""What classes are called: one rule for the names of every source, be it a data.yaml, a JSON, a list or a suite.

Names are text, as they are written: `no`, `001` and `1.0` are names like any other. They stand in the order of their
numbers. Two classes of one name, and classes that no box has, are told of.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from forgetbench.data.clean import CLASS_NAMED_TWICE, CLASS_WITHOUT_BOX
from forgetbench.data.dataset import Dataset, OddityReport
from forgetbench.errors import DataError, brief, counted
from forgetbench.suite.bounds import LONGEST_NAME

#: What becomes of classes of one name where numbers tell them apart.
APART = "are told apart by their numbers alone"


def class_names(given: Any, where: object, fix: str = "Correct the names.") -> tuple[str, ...]:
    """Return class names in the order of their numbers.

    Args:
        given: A sequence of names, or a mapping from numbers 0 … n-1, which may be text, to names.
        where: What errors name as their source.
        fix: What errors say is to be done.

    Raises:
        DataError: they are neither; numbers are missing or there twice; or a name is empty or cannot be written.
    """
    if isinstance(given, Mapping):
        given = _in_order(given, where, fix)
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise DataError("names cannot be read", where=where, expected="a list of names", found=brief(given), fix=fix)
    for name in given:
        if not is_name(name):
            long = isinstance(name, str) and len(name) > LONGEST_NAME
            raise DataError(
                "a class has no name that can be written",
                where=where,
                expected=f"at most {LONGEST_NAME} characters" if long else "UTF-8 text that is not empty",
                found=brief(name),
                fix=fix,
            )
    return tuple(written(name) for name in given)


def written(value: str | float) -> str:
    """Return a name as it is written where its source has numbers and truth values beside text, as JSON has."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_name(value: object) -> TypeGuard[str | float]:
    """Tell whether a value can be what a class is called: text or a number that is not empty and can be written."""
    text = str(value) if isinstance(value, str | int | float) else ""
    return bool(text.strip()) and len(text) <= LONGEST_NAME and is_text(text)


def is_text(name: str) -> bool:
    """Tell whether a name is UTF-8; those of files may hold any bytes, and JSON halves of characters."""
    return name.encode(errors="replace").decode() == name


def report_repeated(names: Sequence[str], file: object, report: OddityReport, how: str = APART) -> None:
    """Report names that several classes have; `how` says what becomes of these classes."""
    for name, count in Counter(names).items():
        if count > 1:
            report.add(CLASS_NAMED_TWICE, file, f"{count} classes are called '{name}': they {how}")


def report_alike(names: Sequence[str], file: object, report: OddityReport) -> None:
    """Report classes whose names differ only in case, spaces or the way Unicode writes an accent: once for all."""
    by_form: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(names):
        by_form[" ".join(unicodedata.normalize("NFC", name).casefold().split())].append(name)
    groups = [group for group in by_form.values() if len(group) > 1]
    if groups:
        shown = " and ".join(f"'{name}'" for name in groups[0])
        more = f" (and {counted(len(groups) - 1, 'such group', 'such groups')} more)" if len(groups) > 1 else ""
        report.add(
            CLASS_NAMED_TWICE,
            file,
            f"{shown} differ only in case, spaces or how accents are written: they stay classes apart{more}",
        )


def report_unused(names: Sequence[str], train: Dataset, evaluate: Dataset, report: OddityReport) -> None:
    """Report classes that no box has, and those that have boxes to evaluate on but none to train on."""
    trained, evaluated = (
        {c for sample in split.samples for c in sample.classes.tolist()} for split in (train, evaluate)
    )
    absent = [name for index, name in enumerate(names) if index not in trained | evaluated]
    untrained = [name for index, name in enumerate(names) if index in evaluated - trained]
    for found, said in ((absent, "no box"), (untrained, "boxes to evaluate on, but none to train on")):
        if found:
            verb = "class has" if len(found) == 1 else "classes have"
            shown = ", ".join(found[:10]) + (", …" if len(found) > 10 else "")
            report.add(CLASS_WITHOUT_BOX, train.name, f"{len(found)} {verb} {said}: {shown}")


def _in_order(given: Mapping[Any, Any], where: object, fix: str) -> list[Any]:
    numbers: dict[int, Any] = {}
    for key, name in given.items():
        number = _number(key)
        if number is None or number in numbers:
            problem = "a class number is there twice" if number is not None else "a class has no whole number"
            raise DataError(problem, where=where, expected="0, 1, 2, …", found=brief(key), fix=fix)
        numbers[number] = name
    if set(numbers) != set(range(len(numbers))):
        raise DataError(
            "class numbers have gaps",
            where=where,
            expected=f"0 to {len(numbers) - 1}",
            found=brief(sorted(numbers)),
            fix="Number the names from 0 without gaps.",
        )
    return [numbers[number] for number in range(len(numbers))]


def _number(key: Any) -> int | None:
    try:
        number = float(key)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() and not isinstance(key, bool) else None
