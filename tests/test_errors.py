import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from forgetbench.errors import (
    DataError,
    ForgetbenchError,
    FrozenChangedError,
    InputError,
    RunError,
    SuiteError,
    WeightsError,
    brief,
    nearest,
)


def test_message_says_where_what_was_expected_and_found_and_what_to_do_on_one_line() -> None:
    error = DataError("no usable label", where="data.yaml", expected="boxes", found="none", fix="Add labels.")
    assert str(error) == "data.yaml: no usable label; expected boxes, found none. Add labels."


def test_message_leaves_out_what_is_not_known() -> None:
    assert str(SuiteError("broken")) == "broken"
    assert str(SuiteError("broken", found=3)) == "broken; found 3"


@pytest.mark.parametrize("value", [["a"] * 9999, {"a": ["b"] * 9999}, 10**9999, "a" * 99_999], ids=type)
def test_what_was_found_may_be_of_any_length(value: object) -> None:
    for error in (SuiteError("broken", found=value), SuiteError("broken", expected=value)):
        assert 30 < len(str(error)) < 2100


def test_wrong_input_exits_with_2_and_failed_work_with_1() -> None:
    assert {kind.exit_code for kind in (SuiteError, DataError, WeightsError)} == {2}
    assert FrozenChangedError.exit_code == RunError.exit_code == 1
    assert issubclass(SuiteError, InputError)
    assert issubclass(InputError, ForgetbenchError)


def test_nearest_name() -> None:
    assert nearest("epoch", ["epochs", "batch"]) == "epochs"
    assert nearest("zzz", ["epochs", "batch"]) is None


def test_values_in_errors_are_short_and_on_one_line() -> None:
    nested: list[object] = ["lol"]
    for _ in range(40):  # written out in full, this would be 10 ** 40 words
        nested = [nested] * 10
    assert brief([1, "a\nb"]) == r"[1, 'a\nb']"
    assert len(brief(nested)) <= 200
    assert len(brief("x" * 10_000)) <= 200


def kinds(kind: type[ForgetbenchError] = ForgetbenchError) -> list[type[ForgetbenchError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in kinds(child))]


class _Unsendable:
    """What an error may speak of, and no other process knows."""

    def __init__(self) -> None:
        self.open = (part for part in "abc")

    def __str__(self) -> str:
        return "a thing"


SAID: list[dict[str, Any]] = [
    {},
    {"where": Path("/data/ü b.yaml"), "expected": "boxes", "found": "none", "fix": "Add labels."},
    {"where": "", "expected": "", "found": "", "fix": ""},
    {"found": 0},
    {"expected": None, "found": False},
    {"where": 3, "expected": ["a"] * 9999, "found": {"a": ["b"] * 9999}},
    {"expected": 10**9999, "found": ("x",) * 50},
    {"found": "a" * 99_999, "expected": "é" * 1999 + "xy"},
    {"where": "a\nb\x1b[31m\u202e", "expected": "[red]\r", "found": "\udce4\x00\U0001f600", "fix": "Do\tit."},
    {"further": ["a\nb: c", "", "x" * 5000, "\udcff"]},
    {"further": ("one",), "where": _Unsendable(), "found": _Unsendable(), "expected": _Unsendable()},
    {"found": {1, 2, 3}, "expected": [["nested"] * 10] * 10},
]


@pytest.mark.parametrize("said", SAID, ids=range(len(SAID)))
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_an_error_says_in_another_process_what_it_said_here(said: dict[str, Any], protocol: int) -> None:
    assert len(kinds()) >= 10
    for kind in kinds():
        for problem in ("no usable label", "", "%s {} \\ \n\x07 \udce4", "p" * 5000):
            error = kind(problem, **said)
            sent = pickle.loads(pickle.dumps(error, protocol))
            assert type(sent) is kind
            assert str(sent) == str(error)
            assert (sent.exit_code, sent.problem, sent.fix) == (error.exit_code, problem, error.fix)
            assert list(sent.further) == list(error.further)
            assert (sent.where is None) == (error.where is None)
            again = pickle.loads(pickle.dumps(sent, protocol))  # as from a process of a process
            assert str(again) == str(error)
            assert str(copy.copy(error)) == str(error)


def test_an_error_with_its_cause_can_be_sent_and_only_its_words_are() -> None:
    with pytest.raises(DataError) as caught:
        try:
            raise OSError("the cause")
        except OSError as cause:
            raise DataError("broken", where=cause) from cause
    sent = pickle.loads(pickle.dumps(caught.value))
    assert str(sent) == "the cause: broken"
