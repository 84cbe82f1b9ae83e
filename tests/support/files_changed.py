"""Images whose content changes while all that is cheap to look at stays as it was."""

from __future__ import annotations

import os
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

#: Nanoseconds that a file has to have stood before anything is kept of it, and a margin.
LATER = 10 * 10**9


def let_time_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all files seem to have stood for a while, so that what is known of them is kept."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + LATER)


def overwrite(path: Path, content: bytes) -> None:
    """Overwrite a file with as many bytes, its time of modification put back; its time of change has moved."""
    before = path.stat()
    assert len(content) == before.st_size
    assert content != path.read_bytes()
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # the clock of files ticks every few milliseconds
        path.write_bytes(content)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def another_image(path: Path) -> bytes:
    """Return another image of the same size in pixels and bytes; bytes after its end make it as long."""
    pixels = cv2.imread(str(path))
    assert pixels is not None
    half = np.zeros_like(pixels)
    half[: len(half) // 2] = 200
    size, before = path.stat().st_size, path.read_bytes()
    for changed in (half, np.zeros_like(pixels)):
        content = bytes(cv2.imencode(path.suffix, changed)[1])
        if len(content) <= size and not before.startswith(content):
            return content + bytes(size - len(content))
    raise AssertionError(f"{path} is too small to be changed")
