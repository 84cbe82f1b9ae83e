"""Who works on a run: one process holds it, and anybody may look."""

import os
import threading
from pathlib import Path

import pytest
from support.held import held_by_another

from forgetbench.errors import RunLockedError
from forgetbench.record.lock import holding, is_held


def test_a_run_is_held_as_long_as_the_process_lives(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert not is_held(run)
    with held_by_another(run) as process:
        assert is_held(run)
        with pytest.raises(RunLockedError, match="another process is working on this run"), holding(run):
            pass
        process.kill()
        process.wait()
    assert (run / ".lock").is_file()
    assert not is_held(run)


def test_what_a_process_does_and_how_long_one_waits_is_the_askers_choice(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as process:
        with pytest.raises(RunLockedError, match="another process is counting"), holding(tmp_path, what="counting"):
            raise AssertionError("both hold it")
        threading.Timer(0.5, process.kill).start()
        with holding(tmp_path, patience=600):
            assert is_held(tmp_path)


def test_looking_takes_nothing_and_writes_nothing(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with holding(tmp_path):
        before = (tmp_path / ".lock").stat()
        assert is_held(tmp_path)
        assert is_held(tmp_path)
        after = (tmp_path / ".lock").stat()
        assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    assert not is_held(tmp_path)
    with holding(tmp_path):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_what_is_no_file_holds_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".lock")
    assert not is_held(tmp_path)
    (tmp_path / ".lock").unlink()
    (tmp_path / "real").touch()
    (tmp_path / ".lock").symlink_to("real")
    assert not is_held(tmp_path)
