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
