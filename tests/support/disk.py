"""Disks with as much room as a test wants, as far as forgetbench asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest


def disk_of(monkeypatch: pytest.MonkeyPatch, free: Callable[[Path], int]) -> None:
    """Let forgetbench find as much room as a function of the path says."""
    monkeypatch.setattr("forgetbench.room.shutil.disk_usage", lambda path: SimpleNamespace(free=free(Path(path))))


def disk_with(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Let forgetbench find so many bytes free."""
    disk_of(monkeypatch, lambda _: free)
