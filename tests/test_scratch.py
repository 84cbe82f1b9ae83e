"""Temporary folders: gone at the end, in use while their process lives, left once it was killed, never another's."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from forgetbench.scratch import MARK, PREFIX, Use, looking_at, scratch_folder

pytest.importorskip("fcntl")

USER = """
import os, sys
from forgetbench.scratch import scratch_folder
with scratch_folder() as place:
    (place / "big").write_bytes(b"1234")
    worker = os.fork() if sys.argv[1] == "with a worker" else None
    if worker != 0:
        print(place.parent, worker, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def use_of(folder: Path) -> Use:
    with looking_at(folder) as use:
        return use


def started(what: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", USER, what]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)


def test_it_is_empty_then_in_use_then_gone(place: Path) -> None:
    with scratch_folder("kind-") as folder:
        assert list(folder.iterdir()) == []
        (outer,) = place.iterdir()
        assert outer.name.startswith(f"{PREFIX}kind-")
        assert folder.parent == outer
        assert use_of(outer) == "in use"
        (folder / "a" / "b").mkdir(parents=True)
    assert list(place.iterdir()) == []
    with pytest.raises(ZeroDivisionError), scratch_folder():
        raise ZeroDivisionError
    assert list(place.iterdir()) == []


def test_it_is_left_once_its_process_was_killed() -> None:
    with started("alone") as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().split()[0])
        assert use_of(folder) == "in use"
        process.kill()
        process.wait()
    with looking_at(folder) as use:
        assert use == "left"
        assert use_of(folder) == "in use"  # by who looks at it, and may be about to remove it
    assert use_of(folder) == "left"
    assert (folder / "content" / "big").read_bytes() == b"1234"


def test_a_worker_that_outlives_its_process_still_uses_it() -> None:
    with started("with a worker") as process:
        assert process.stdout is not None
        folder, worker = process.stdout.readline().split()
        process.kill()
        process.wait()
        try:
            assert use_of(Path(folder)) == "in use"
        finally:
            os.kill(int(worker), 9)
            process.stdout.read()  # which ends with the worker
    assert use_of(Path(folder)) == "left"


def left(place: Path, name: str = f"{PREFIX}x") -> Path:
    folder = place / name
    folder.mkdir()
    (folder / MARK).touch()
    return folder


def linked_mark(folder: Path) -> None:
    (folder / MARK).unlink()
    (folder.parent / "elsewhere").touch()
    (folder / MARK).symlink_to(folder.parent / "elsewhere")


def pipe(folder: Path) -> None:
    (folder / MARK).unlink()
    os.mkfifo(folder / MARK)


@pytest.mark.parametrize("change", [lambda folder: (folder / MARK).unlink(), linked_mark, pipe])
def test_what_is_not_marked_is_not_ours(place: Path, change: Callable[[Path], object]) -> None:
    folder = left(place)
    assert use_of(folder) == "left"
    os.utime(folder, (0, 0))  # however old it is
    change(folder)
    assert use_of(folder) == "not ours"


def test_other_names_links_and_other_users_are_not_ours(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = left(place)
    (place / f"{PREFIX}link").symlink_to(folder)
    assert use_of(place / f"{PREFIX}link") == "not ours"
    assert use_of(left(place, "something")) == "not ours"
    assert use_of(place / f"{PREFIX}nowhere") == "not ours"
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert use_of(folder) == "not ours"


def test_where_nothing_can_be_locked_it_serves_and_is_not_ours(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    folder = left(place)
    monkeypatch.setattr("fcntl.flock", refused)
    assert use_of(folder) == "not ours"
    with scratch_folder("mine-") as mine:
        (mine / "x").touch()
        assert use_of(mine.parent) == "not ours"
    assert list(place.iterdir()) == [folder]
