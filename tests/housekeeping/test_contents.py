"""What lies in a folder: every name once, nothing opened, no link followed."""

import os
from pathlib import Path

import pytest

from forgetbench.housekeeping.contents import entries_in, folders_in, remove


def test_all_that_is_below_is_found_with_its_size(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "x").write_bytes(b"123")
    (tmp_path / "y").write_bytes(b"12345")
    os.utime(tmp_path / "y", (7.0, 9.0))
    found = {entry.name: entry for entry in entries_in(tmp_path)}
    assert {name: entry.bytes for name, entry in found.items()} == {"a/b/x": 3, "y": 5}
    assert all(entry.regular for entry in found.values())
    assert found["y"].written == 9.0
    assert list(entries_in(tmp_path / "nowhere")) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_links_and_pipes_are_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_bytes(b"1")
    run = tmp_path / "run"
    run.mkdir()
    (run / "folder").symlink_to(tmp_path / "outside")
    (run / "self").symlink_to(".")
    (run / "file").symlink_to(tmp_path / "outside" / "x")
    os.mkfifo(run / "pipe")
    found = {entry.name: entry.regular for entry in entries_in(run)}
    assert found == dict.fromkeys(("folder", "self", "file", "pipe"), False)
    assert folders_in(run) == []
    assert folders_in(tmp_path) == [tmp_path / "outside", run]
    assert folders_in(tmp_path / "nowhere") == []


def test_what_is_removed_leaves_no_empty_folder(tmp_path: Path) -> None:
    for name in ("a/b/x", "a/b/y", "a/c/z", "w"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert remove(tmp_path, ["a/b/x", "a/c/z", "gone"]) == set()
    assert {entry.name for entry in entries_in(tmp_path)} == {"a/b/y", "w"}
    assert not (tmp_path / "a" / "c").exists()
    assert remove(tmp_path, ["a/b"]) == {"a/b"}  # a folder, which is not removed as a file
    assert remove(tmp_path, ["a/b/y", "w"]) == set()
    assert list(tmp_path.iterdir()) == []
