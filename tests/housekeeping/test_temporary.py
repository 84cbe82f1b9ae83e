"""Temporary folders of killed commands go; those of living ones, of other users and whatever else is there stay."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support.called import call

import forgetbench
from forgetbench.housekeeping.freed import Cleaning
from forgetbench.housekeeping.temporary import clean_temporary
from forgetbench.scratch import MARK, scratch_folder

pytest.importorskip("fcntl")

#: What `verify` and `export` do with an archive.
READER = """
import sys
from pathlib import Path
from forgetbench.proof.verify import opened
with opened(Path(sys.argv[1])) as run:
    print(run, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "tmp"


def cleaned(*, done: bool) -> Cleaning:
    cleaning = Cleaning(done)
    clean_temporary(cleaning)
    return cleaning


def test_what_a_killed_command_unpacked_is_named_and_then_removed(small_run: Path, tmp_path: Path, place: Path) -> None:
    archive = forgetbench.pack(small_run, tmp_path / "run.tar.gz", checkpoints=False).path
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", READER, str(archive)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        run = Path(process.stdout.readline().strip())
        (folder,) = place.iterdir()
        assert folder in run.parents
        held = cleaned(done=True)
        assert (held.freed, held.left) == ([], [f"{folder}: a command is using it"])
        process.kill()
        process.wait()
    there = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in there)
    looked = cleaned(done=False)
    assert [(one.where, one.files, one.bytes) for one in looked.freed] == [(folder, len(there), size)]
    assert (run / "manifest.json").is_file()
    said = call("clean")
    assert "temporary files of killed commands" in " ".join(said.stdout.split())
    assert "nothing was removed" in said.stdout
    done = call("clean", "--yes")
    assert done.exit_code == 0, done.output
    assert list(place.iterdir()) == []
    assert call("clean", "--yes").stdout == "there is nothing to remove\n"


def test_of_several_only_what_is_left_goes_and_no_link_is_followed(tmp_path: Path, place: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_bytes(b"12")
    for name in ("forgetbench-left", "forgetbench-of-a-user", "forgetbench-cache", "another"):
        (place / name / "content" / "empty").mkdir(parents=True)
        (place / name / "content" / "y").write_bytes(b"123")
    for name in ("forgetbench-left", "another"):
        (place / name / MARK).touch()
    (place / "forgetbench-cache" / ".in-use").touch()
    (place / "forgetbench-left" / "content" / "link").symlink_to(tmp_path / "outside")
    (place / "forgetbench-link").symlink_to(place / "forgetbench-of-a-user")
    before = {path.name for path in place.iterdir()}
    with scratch_folder() as mine:
        (mine / "z").touch()
        done = cleaned(done=True)
        assert (mine / "z").exists()
        assert done.left == [f"{mine.parent}: a command is using it"]
    assert [one.where.name for one in done.freed] == ["forgetbench-left"]
    assert {path.name for path in place.iterdir()} == before - {"forgetbench-left"}
    assert (tmp_path / "outside" / "x").read_bytes() == b"12"


def test_one_that_belongs_to_another_user_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "forgetbench-x").mkdir()
    (place / "forgetbench-x" / MARK).touch()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cleaned(done=True) == Cleaning(done=True)
    assert (place / "forgetbench-x" / MARK).exists()


def test_without_a_place_for_temporary_files_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    assert cleaned(done=True) == Cleaning(done=True)
