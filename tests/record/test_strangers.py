"""Runs that anybody may have written."""

from pathlib import Path

import pytest

from forgetbench.errors import CorruptRunError, InputError
from forgetbench.record.strangers import reading


def test_what_nobody_foresaw_is_an_error_of_the_run(tmp_path: Path) -> None:
    said = r"its files are not those of a run.*found KeyError: .*odd"
    with pytest.raises(CorruptRunError, match=said) as caught, reading(tmp_path):
        raise KeyError("odd")
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("error", [InputError("said"), OSError("full"), MemoryError()])
def test_errors_that_say_what_is_wrong_stay(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as caught, reading(tmp_path):
        raise error
    assert caught.value is error


def test_links_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "results.csv").symlink_to("/etc/passwd")
    with pytest.raises(CorruptRunError, match=r"results\.csv"), reading(tmp_path):
        pytest.fail("it was read")
