"""JSON records of a run."""

from pathlib import Path

import pytest

from forgetbench.errors import CorruptRunError
from forgetbench.record.json_record import read_record


def test_an_object_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": [1, null]}')
    assert read_record(tmp_path / "a.json") == {"a": [1, None]}


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "not readable"), (b"{", "not readable"), (b'{"a": "\xff"}', "not readable"),
     (b"[" * 100_000, "not readable"), (b"[]", "not a record; expected a JSON object, found list")],
)  # fmt: skip
def test_what_is_none_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(CorruptRunError, match=rf"a\.json: {said}"):
        read_record(tmp_path / "a.json")
