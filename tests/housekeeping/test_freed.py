"""What was freed, or would be."""

from pathlib import Path

import pytest

from forgetbench.housekeeping.contents import entries_in
from forgetbench.housekeeping.freed import Cleaning, Freed


@pytest.mark.parametrize("done", [False, True])
def test_files_are_counted_and_only_if_wanted_removed(tmp_path: Path, done: bool) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"123")
    (tmp_path / "y").write_bytes(b"4567")
    cleaning = Cleaning(done)
    cleaning.free("scratch", tmp_path, list(entries_in(tmp_path)), "written again")
    cleaning.free("more", tmp_path, [], "written again")
    assert cleaning.freed == [Freed("scratch", tmp_path, 2, 7, "written again")]
    assert cleaning.bytes == 7
    assert cleaning.left == []
    assert (tmp_path / "y").exists() is (tmp_path / "a").exists() is not done


def test_what_cannot_be_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"123")
    (tmp_path / "y").write_bytes(b"4")
    entries = list(entries_in(tmp_path))
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name == "x":
            raise PermissionError
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    cleaning = Cleaning(done=True)
    cleaning.free("scratch", tmp_path, entries, "written again")
    assert cleaning.left == [f"{tmp_path}: 1 file cannot be removed"]
    assert cleaning.bytes == 1
    assert [one.files for one in cleaning.freed] == [1]
