"""Shared fixtures."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from support.charts import drawn_once, not_drawn
from support.divided import make_divided_run
from support.factories import tiny_suite
from support.finished_run import make_small_run
from support.served import Served
from support.shared import made_once, shared_folder

import forgetbench
from forgetbench.sweep.estimates import estimate
from forgetbench.sweep.estimates.rehearsal import Rehearsal

# Looking for garbage among all the modules of PyTorch as often as Python does takes a tenth of the tests' time.
gc.set_threshold(50_000, 20, 50)


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


@pytest.fixture(scope="session", autouse=True)
def nothing_else_runs() -> Iterator[None]:
    """Let commands find no other work on the cores, however busy the machine that tests run on is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forgetbench.neighbours.measure_other_work", lambda: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def charts_drawn_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Draw a chart only where no test drew it before."""
    with drawn_once(shared_folder(tmp_path_factory) / "charts"):
        yield


@pytest.fixture(scope="module")
def charts_not_drawn() -> Iterator[None]:
    """Write charts that are no pictures, for modules that look at none."""
    with not_drawn():
        yield


@pytest.fixture(scope="module")
def nothing_rehearsed() -> Iterator[None]:
    """Estimate without training and evaluating anything, for modules that do not look at times."""
    took = Rehearsal(batch_seconds=1, original_seconds=1, target_seconds=1, reference_seconds=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimate, "rehearse", lambda *_, **__: took)
        yield


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Serve files on this machine. Downloads go to `data`, what is remade to `cache`; nothing is found elsewhere."""
    monkeypatch.setenv("FORGETBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FORGETBENCH_ASSETS", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    server = Served()
    with ThreadingHTTPServer(("127.0.0.1", 0), server.handler()) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        server.address = f"http://127.0.0.1:{serving.server_address[1]}"
        yield server
        serving.shutdown()


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small finished run; tests that change it take a copy."""
    with drawn_once(shared_folder(tmp_path_factory) / "charts"):
        return made_once(tmp_path_factory, "small", make_small_run)


@pytest.fixture(scope="session")
def divided_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run of two seeds that one process has done; nobody changes it."""
    with not_drawn():
        return made_once(tmp_path_factory, "divided", make_divided_run)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run of `tiny_suite`, without pictures; `copy_of_tiny_run` is for tests that change it."""

    def make(folder: Path) -> Path:
        with pytest.MonkeyPatch.context() as patch, not_drawn():
            patch.setenv("FORGETBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
            return forgetbench.run(tiny_suite(folder), output=folder / "runs").path

    return made_once(tmp_path_factory, "tiny", make)
