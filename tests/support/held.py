"""Folders that another, real process holds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOLDER = """
import sys
from pathlib import Path
from forgetbench.record.lock import holding
with holding(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold a folder until the block ends, or until it is killed."""
    command = [sys.executable, "-c", _HOLDER, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=with_this_path(), text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def with_this_path() -> dict[str, str]:
    """Return the variables of this process, and where it finds its modules."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
