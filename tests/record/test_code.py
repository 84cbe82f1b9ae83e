"""Which forgetbench this is."""

import subprocess
from pathlib import Path

import pytest

import forgetbench
from forgetbench.record import code
from forgetbench.record.code import code_version


def test_a_checkout_says_its_commit_and_whether_it_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    monkeypatch.setattr(code, "__file__", str(tmp_path / "forgetbench" / "record" / "code.py"))
    assert code_version() == {"forgetbench": forgetbench.__version__, "commit": None, "dirty": None}
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    assert code_version() == {
        "forgetbench": forgetbench.__version__,
        "commit": git("rev-parse", "HEAD"),
        "dirty": False,
    }
    (tmp_path / "new").touch()
    assert code_version()["dirty"] is True
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_version()["commit"] is None  # no git
