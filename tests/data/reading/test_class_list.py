"""Class names from any source: order, text as written, and what is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.factories import NO_FILE

from forgetbench.data.dataset import Dataset, OddityReport, Sample
from forgetbench.data.reading.class_list import class_names, report_alike, report_repeated, report_unused
from forgetbench.errors import DataError


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["b", "a"], ("b", "a")),
        (("b", "a"), ("b", "a")),
        ({0: "b", 1: "a"}, ("b", "a")),
        ({1: "a", 0: "b"}, ("b", "a")),
        ({"0": "b", "1": "a"}, ("b", "a")),
        ({1.0: "a", 0.0: "b"}, ("b", "a")),
        ({str(i): f"n{i}" for i in range(12)}, tuple(f"n{i}" for i in range(12))),
        (["no", "001", "~"], ("no", "001", "~")),
        ([1, 2.5, True], ("1", "2.5", "true")),
        ([], ()),
    ],
)
def test_names_in_the_order_of_their_numbers(given: Any, names: tuple[str, ...]) -> None:
    assert class_names(given, "data.yaml") == names


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("cat", "names cannot be read"),
        (7, "names cannot be read"),
        (None, "names cannot be read"),
        ({0: "a", 2: "b"}, "class numbers have gaps; expected 0 to 1, found"),
        ({1: "a", 2: "b"}, "class numbers have gaps"),
        ({"0": "a", 0: "b"}, "a class number is there twice"),
        ({"x": "a"}, "a class has no whole number"),
        ({0.5: "a"}, "a class has no whole number"),
        ({True: "a"}, "a class has no whole number"),
        ({float("inf"): "a"}, "a class has no whole number"),
        ([""], "a class has no name that can be written"),
        (["  "], "a class has no name that can be written"),
        (["\ud800"], "a class has no name that can be written"),
        ([None], "a class has no name that can be written"),
        ([["a"]], "a class has no name that can be written"),
    ],
)
def test_what_are_no_names(given: Any, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        class_names(given, "data.yaml", fix="Correct it.")
    assert str(caught.value).startswith("data.yaml: ")
    assert str(caught.value).isprintable()


def test_names_of_several_classes_are_told() -> None:
    report = OddityReport()
    report_repeated(("x", "y", "x", "z", "x"), "data.yaml", report)
    assert [(oddity.kind, oddity.file, oddity.detail) for oddity in report.found] == [
        ("class-named-twice", "data.yaml", "3 classes are called 'x': they are told apart by their numbers alone")
    ]


@pytest.mark.parametrize(
    ("names", "detail"),
    [
        (("cat", "dog"), None),
        (("cat", "cat"), None),
        (("cat", "dog", "Cat"), "'cat' and 'Cat' differ only in"),
        (("cat ", "cat", " cat"), "'cat ' and 'cat' and ' cat' differ only in"),
        (("hot dog", "hot  dog"), "'hot dog' and 'hot  dog' differ only in"),
        (("caf\u00e9", "cafe\u0301"), "'caf\u00e9' and 'cafe\u0301' differ only in"),
        (("a", "A", "b", "B"), "'a' and 'A' differ only in"),
    ],
)
def test_names_that_are_nearly_one_are_told_and_stay_apart(names: tuple[str, ...], detail: str | None) -> None:
    report = OddityReport()
    report_alike(names, "fruit", report)
    assert [oddity.kind for oddity in report.found] == ["class-named-twice"] * (detail is not None)
    assert all(oddity.detail.startswith(detail or "") for oddity in report.found)
    assert all(oddity.detail.endswith("they stay classes apart") for oddity in report.found if "b" not in names)
    assert all("(and 1 such group more)" in oddity.detail for oddity in report.found if "b" in names)


def part(*labels: int) -> Dataset:
    sample = Sample(
        Path("a.png"), 9, 9, np.zeros((len(labels), 4)), np.array(labels, np.int64), np.zeros(len(labels), np.bool_),
        np.zeros(len(labels)), NO_FILE,
    )  # fmt: skip
    return Dataset("fruit", "train", ("a", "b", "c", "d"), (sample,), Path())


def test_classes_without_a_box_are_told() -> None:
    report = OddityReport()
    report_unused(("a", "b", "c", "d"), part(0, 0), part(0, 2), report)
    assert [(oddity.kind, oddity.file, oddity.detail) for oddity in report.found] == [
        ("class-without-box", "fruit", "2 classes have no box: b, d"),
        ("class-without-box", "fruit", "1 class has boxes to evaluate on, but none to train on: c"),
    ]
    report_unused(("a", "b", "c", "d"), part(0, 1, 2, 3), part(0), everything := OddityReport())
    assert everything.found == []
