import hashlib
import os
from pathlib import Path

import pytest

from forgetbench.errors import InputError
from forgetbench.files import (
    atomic_path,
    cache_folder,
    check_writable,
    expanded,
    place_folder,
    remove_folder,
    sha256_file,
    sha256_json,
    writable_cache,
    write_json,
    write_text,
)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_write_makes_folders_and_leaves_no_temporary(tmp_path: Path) -> None:
    write_text(tmp_path / "x" / "y" / "a.txt", "new")
    assert [path.name for path in (tmp_path / "x" / "y").iterdir()] == ["a.txt"]


def test_a_folder_comes_whole_and_only_where_there_is_nothing(tmp_path: Path) -> None:
    made, place = tmp_path / "made", tmp_path / "x" / "place"
    (made / "in").mkdir(parents=True)
    (made / "in" / "a.txt").write_text("a")
    place_folder(made, place)
    assert (place / "in" / "a.txt").read_text() == "a"
    (made / "b.txt").write_text("b")
    with pytest.raises(InputError, match="place: cannot be written; expected nothing there yet"):
        place_folder(made, place)
    assert [path.name for path in place.iterdir()] == ["in"]
    assert [path.name for path in place.parent.iterdir()] == ["place"]


def test_a_place_below_a_file_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="a part of its path is a file, not a folder"):
        check_writable(tmp_path / "file" / "x" / "a.txt")
    check_writable(tmp_path / "new" / "x" / "a.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_json_refuses_nan_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_hashes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256_file(tmp_path / "f") == hashlib.sha256(b"abc").hexdigest()
    assert sha256_json({"b": 1, "a": [1, 2]}) == sha256_json({"a": [1, 2], "b": 1})
    assert sha256_json({"a": 1}) != sha256_json({"a": 2})


def test_cache_folder_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c"
    monkeypatch.delenv("FORGETBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "forgetbench"


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom neither the environment nor the list of users gives a home."""
    for name in ("FORGETBENCH_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(user: int) -> None:
        raise KeyError(user)

    monkeypatch.setattr("pwd.getpwuid", unknown)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_nothing_is_found_in_the_cache_and_nothing_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not (cache_folder() / "weights").exists()
    assert expanded("~/data") == Path("~/data")
    with pytest.raises(InputError, match=r"no home folder to keep the cache in\. Name one with FORGETBENCH_CACHE"):
        writable_cache("weights")
    monkeypatch.setenv("FORGETBENCH_CACHE", "~/c")
    with pytest.raises(InputError, match="no home folder"):
        writable_cache("weights")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("variable", ["FORGETBENCH_CACHE", "XDG_CACHE_HOME", "HOME"])
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/none"])
def test_a_cache_that_cannot_be_written_is_named(
    variable: str, place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for name in ("FORGETBENCH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path / place))
    with pytest.raises(InputError, match=r"the cache folder cannot be written; found .*FORGETBENCH_CACHE") as caught:
        writable_cache("shapes")
    assert str(caught.value).startswith(str(tmp_path / place))


def test_a_folder_of_the_cache_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "c"))
    assert writable_cache("weights") == tmp_path / "c" / "weights"
    assert list((tmp_path / "c" / "weights").iterdir()) == []


def test_a_folder_is_removed_and_nothing_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "folder" / "in").mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    for name in ("file", "link", "pipe", "nothing"):
        remove_folder(tmp_path / name)
    assert (tmp_path / "link" / "in").is_dir()
    remove_folder(tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "pipe"]
