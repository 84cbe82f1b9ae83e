import shutil
import subprocess
from pathlib import Path

import pytest

from forgetbench.errors import CorruptRunError
from forgetbench.run.folder import RunFolder
from forgetbench.run.seal import files_in, read_seal, reseal, seal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.csv").write_text("1", encoding="utf-8")
    (tmp_path / "y.md").write_text("2", encoding="utf-8")
    (tmp_path / ".lock").touch()
    return tmp_path


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_the_seal_is_what_sha256sum_writes_and_checks(folder: Path) -> None:
    seal(folder)
    written = subprocess.run(["sha256sum", "a/x.csv", "y.md"], cwd=folder, capture_output=True, text=True, check=True)
    assert (folder / "DONE").read_text(encoding="utf-8") == written.stdout
    assert subprocess.run(["sha256sum", "--check", "--strict", "DONE"], cwd=folder, capture_output=True).returncode == 0


def test_a_run_is_complete_once_it_is_sealed(folder: Path) -> None:
    assert not RunFolder(folder).complete
    seal(folder)
    assert RunFolder(folder).complete
    assert list(read_seal(folder)) == ["a/x.csv", "y.md"]


def test_parts_that_a_kill_left_behind_are_removed(folder: Path) -> None:
    (folder / "a" / ".x.csv.1234.part").touch()
    seal(folder)
    assert files_in(folder) == ["a/x.csv", "y.md"]


def test_sealing_anew_covers_what_was_written_and_nothing_else(folder: Path) -> None:
    seal(folder)
    before = read_seal(folder)
    (folder / "a" / "x.csv").write_text("tampered", encoding="utf-8")
    (folder / "y.md").unlink()
    (folder / "z.md").write_text("new", encoding="utf-8")
    reseal(folder, [folder / "y.md", folder / "z.md"])
    after = read_seal(folder)
    assert list(after) == ["a/x.csv", "z.md"]
    assert after["a/x.csv"] == before["a/x.csv"]


@pytest.mark.parametrize("text", ["complete\n", "0" * 64 + " one-space\n", ("0" * 64 + "  twice\n") * 2])
def test_what_is_no_seal_is_refused(folder: Path, text: str) -> None:
    (folder / "DONE").write_text(text, encoding="utf-8")
    with pytest.raises(CorruptRunError, match=r"DONE, line \d: not a seal"):
        read_seal(folder)
    (folder / "DONE").unlink()
    with pytest.raises(CorruptRunError, match="not readable"):
        read_seal(folder)
