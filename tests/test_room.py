"""Room on the disk, and a reserve that is left alone."""

import os
from pathlib import Path

import pytest
from support.disk import disk_of, disk_with

from forgetbench.errors import RunError
from forgetbench.room import BLOCK, RESERVE, free_bytes, has_room, require_room, size, taken


def test_room_is_that_of_the_nearest_folder_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()

    def of(path: Path) -> int:
        path.stat()
        return 17 if path == tmp_path / "a" else 4

    disk_of(monkeypatch, of)
    assert free_bytes(tmp_path / "a") == free_bytes(tmp_path / "a" / "b" / "c") == 17
    assert free_bytes(tmp_path / "b") == 4


def test_it_is_what_the_system_says(tmp_path: Path) -> None:
    about = os.statvfs(tmp_path)
    found = free_bytes(tmp_path)
    assert found is not None
    assert abs(found - about.f_bavail * about.f_frsize) < 10**10  # others write meanwhile


def test_the_reserve_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk_with(monkeypatch, RESERVE + 1000)
    assert has_room(tmp_path, 1000)
    assert not has_room(tmp_path, 1001)
    require_room(tmp_path, 1000, "a checkpoint")
    with pytest.raises(RunError) as caught:
        require_room(tmp_path, 2_000_000, "a checkpoint")
    assert str(caught.value) == (
        f"{tmp_path}: not enough room on the disk; expected 102.0 MB: 2.0 MB for a checkpoint, and 100.0 MB that stay "
        "free, found 100.0 MB free. Make room (`forgetbench clean` says what can go), then run the same command again: "
        "it goes on where it stopped."
    )


def test_where_the_system_does_not_tell_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_: Path) -> int:
        raise PermissionError

    disk_of(monkeypatch, silent)
    assert free_bytes(tmp_path) is None
    require_room(tmp_path, 10**18, "everything")


def test_sizes_have_a_unit() -> None:
    assert [size(n) for n in (12, 1500, 2.5e6, 3e9, 4e12)] == ["12 B", "1.5 kB", "2.5 MB", "3.0 GB", "4.0 TB"]


def test_files_take_whole_blocks() -> None:
    assert [taken(count) for count in (0, 1, BLOCK, BLOCK + 1)] == [0, BLOCK, BLOCK, 2 * BLOCK]


def test_what_helps_may_be_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk_with(monkeypatch, 0)
    with pytest.raises(RunError, match=r"0 B free\. Name another folder\.$"):
        require_room(tmp_path, 1, "a file", "Name another folder.")
