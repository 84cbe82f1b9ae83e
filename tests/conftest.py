"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def assets() -> Path:
    """Folder of real weights and data; tests that need it are skipped where it is absent."""
    named = os.environ.get("FORGETBENCH_ASSETS")
    if not named or not Path(named).is_dir():
        pytest.skip("FORGETBENCH_ASSETS does not name a folder of real weights and data")
    return Path(named).absolute()


@pytest.fixture(autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test's remade files out of the user's cache."""
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
