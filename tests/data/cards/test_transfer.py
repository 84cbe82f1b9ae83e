"""Receiving one file: how it goes on, starts anew, and is given up."""

from pathlib import Path

import pytest
from support.served import Served

from forgetbench.data.cards.transfer import Transfer
from forgetbench.errors import DataError

CONTENT = bytes(range(256)) * 4


def test_a_file_is_received_whole_and_told_of(served: Served, tmp_path: Path) -> None:
    url, told = served.add("a.bin", CONTENT), list[tuple[str, int, int]]()
    receive = Transfer(tmp_path / "a.part", "a.bin", len(CONTENT), lambda *state: told.append(state))
    receive(url, str(tmp_path / "a.bin"), None)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert told == [("a.bin", 1024, 1024)]
    assert not list(tmp_path.glob("a.part*"))


def test_a_file_of_another_size_is_given_up(served: Served, tmp_path: Path) -> None:
    receive = Transfer(tmp_path / "a.part", "a.bin", 1000, None)
    with pytest.raises(DataError, match="another size than expected; expected 1000 bytes, found 1024"):
        receive(served.add("a.bin", CONTENT), str(tmp_path / "a.bin"), None)
    assert not list(tmp_path.glob("a.*"))


def test_what_is_not_known_to_be_of_this_file_is_not_continued(served: Served, tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"of something else")
    receive = Transfer(tmp_path / "a.part", "a.bin", len(CONTENT), None)
    receive(served.add("a.bin", CONTENT), str(tmp_path / "a.bin"), None)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    (tmp_path / "a.part").write_bytes(b"begun")
    (tmp_path / "a.part.version").write_text("v")
    receive.forget()
    assert not list(tmp_path.glob("a.part*"))
