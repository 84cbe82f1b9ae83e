import shutil
import subprocess
from pathlib import Path

import pytest
from support.finished_run import seal

from forgetbench.errors import CorruptRunError
from forgetbench.record.folder import RunFolder
from forgetbench.record.seal import files_in, is_regular, read_seal


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
    assert list(read_seal(folder)) == ["a/x.csv", "y.md"] == files_in(folder)


@pytest.mark.parametrize(
    "text",
    [
        "complete\n", "0" * 64 + " one-space\n", ("0" * 64 + "  twice\n") * 2, "0" * 64 + "  ../up\n", "",
        "0" * 64 + "  /etc/passwd\n", "0" * 63 + "  short\n", "0" * 64 + "  a/../../b\n",
    ],
)  # fmt: skip
def test_what_is_no_seal_is_refused(folder: Path, text: str) -> None:
    (folder / "DONE").write_text(text, encoding="utf-8")
    with pytest.raises(CorruptRunError, match=r"DONE, line \d: not a seal"):
        read_seal(folder)
    (folder / "DONE").unlink()
    with pytest.raises(CorruptRunError, match="not a regular file"):
        read_seal(folder)


def test_links_folders_and_pipes_are_no_regular_files(folder: Path) -> None:
    import os

    (folder / "link").symlink_to(folder / "y.md")
    (folder / "b").symlink_to(folder / "a")
    os.mkfifo(folder / "pipe")
    (folder / "zero").symlink_to("/dev/zero")
    assert is_regular(folder, "y.md")
    assert is_regular(folder, "a/x.csv")
    for name in ("link", "b/x.csv", "pipe", "zero", "a", "nothing"):
        assert not is_regular(folder, name)
    assert files_in(folder) == ["a/x.csv", "b", "link", "pipe", "y.md", "zero"]
