"""Who works on a run: one process holds it, and anybody may look."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forgetbench.errors import RunLockedError
from forgetbench.record.lock import holding, is_held

HOLDER = """
import sys
from pathlib import Path
from forgetbench.record.lock import holding
with holding(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_held_as_long_as_the_process_lives(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert not is_held(run)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", HOLDER, str(run)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert is_held(run)
        with pytest.raises(RunLockedError, match="another process is working on this run"), holding(run):
            pass
        process.kill()
        process.wait()
    assert (run / ".lock").is_file()
    assert not is_held(run)


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
