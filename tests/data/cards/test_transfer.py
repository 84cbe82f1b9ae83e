"""Receiving one file: how it goes on, starts anew, and is given up."""

from pathlib import Path

import pytest
from support.disk import disk_of, disk_with
from support.served import Served

from forgetbench.data.cards.transfer import Transfer, stated_bytes
from forgetbench.errors import DataError, RunError
from forgetbench.room import RESERVE

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


def test_without_room_for_a_file_none_of_it_is_received(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = Transfer(tmp_path / "a.part", "a.bin", len(CONTENT), None)
    disk_with(monkeypatch, RESERVE + len(CONTENT) - 1)
    with pytest.raises(RunError, match=r"a\.part: not enough room .*: 1\.0 kB for the download of a\.bin, and 100\.0"):
        receive(served.add("a.bin", CONTENT), str(tmp_path / "a.bin"), None)
    assert list(tmp_path.glob("a.*")) == []
    disk_with(monkeypatch, RESERVE + len(CONTENT))
    receive(served.add("a.bin", CONTENT), str(tmp_path / "a.bin"), None)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_only_the_rest_of_a_file_needs_room(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = CONTENT * 200
    url, receive = served.add("a.bin", content), Transfer(tmp_path / "a.part", "a.bin", len(content), None)
    served.cut_after = 100_000
    with pytest.raises(OSError, match=r"cut off|IncompleteRead"):
        receive(url, str(tmp_path / "a.bin"), None)
    served.cut_after = None
    begun = (tmp_path / "a.part").stat().st_size
    assert 0 < begun <= 100_000
    left = len(content) - begun
    disk_with(monkeypatch, RESERVE + left - 1)
    with pytest.raises(RunError, match=f"{left / 1000:.1f} kB for the download"):
        receive(url, str(tmp_path / "a.bin"), None)
    assert (tmp_path / "a.part").stat().st_size == begun
    disk_with(monkeypatch, RESERVE + left)
    receive(url, str(tmp_path / "a.bin"), None)
    assert (tmp_path / "a.bin").read_bytes() == content


def test_a_file_of_unknown_size_stops_while_room_is_left(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.sized = False
    content, most = bytes(1 << 20), 1 << 18
    partial = tmp_path / "a.part"

    def left(_: Path) -> int:
        return RESERVE + most - (partial.stat().st_size if partial.exists() else 0)

    disk_of(monkeypatch, left)
    receive = Transfer(partial, "a.bin", None, None)
    with pytest.raises(RunError, match="not enough room on the disk"):
        receive(served.add("a.bin", content), str(tmp_path / "a.bin"), None)
    assert 0 < partial.stat().st_size <= most
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    receive(served.add("a.bin", content), str(tmp_path / "a.bin"), None)
    assert (tmp_path / "a.bin").read_bytes() == content


def test_a_size_is_what_the_server_states(served: Served) -> None:
    url = served.add("a.bin", CONTENT)
    assert stated_bytes(url) == len(CONTENT)
    assert stated_bytes(f"{served.address}/nowhere") == 0
    assert stated_bytes("http://127.0.0.1:1/a.bin") == 0
    assert stated_bytes("no address") == 0
    served.sized = False
    assert stated_bytes(url) == 0
