"""Checksums that the first download pins."""

from pathlib import Path

import pytest

from forgetbench.data.cards.pins import PINS_FILE, Pin, add_pins, read_pins
from forgetbench.errors import DataError

ONE, OTHER = Pin("1" * 64, 10, "2026-01-31"), Pin("2" * 64, 20, "2026-02-01")


def test_pins_are_kept_beside_those_there_are(tmp_path: Path) -> None:
    assert read_pins(tmp_path) == {}
    add_pins(tmp_path, {})
    assert not (tmp_path / PINS_FILE).exists()
    add_pins(tmp_path, {"https://a": ONE})
    add_pins(tmp_path, {"https://b": OTHER})
    assert read_pins(tmp_path) == {"https://a": ONE, "https://b": OTHER}


@pytest.mark.parametrize(
    "content", ["[", "[]", '{"https://a": 1}', '{"https://a": {"sha256": 1, "size": 1, "first_seen": ""}}']
)
def test_a_file_of_pins_that_is_none_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / PINS_FILE).write_text(content)
    with pytest.raises(DataError, match=r"pinned checksums cannot be read; .*Restore the file, or delete it"):
        add_pins(tmp_path, {"https://a": ONE})
    assert (tmp_path / PINS_FILE).read_text() == content
