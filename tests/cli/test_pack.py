"""`forgetbench pack`: one archive, which `verify` reads."""

from pathlib import Path

import pytest
from support.called import call


def test_pack_says_what_it_wrote(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("pack", small_run)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"small-{small_run.name}.tar.gz: ")
    assert call("verify", f"small-{small_run.name}.tar.gz").exit_code == 0
    less = call("pack", small_run, "--without-checkpoints", "-o", tmp_path / "less.tar.gz")
    assert less.exit_code == 0
    assert "checkpoints were left out" in call("verify", tmp_path / "less.tar.gz").output
