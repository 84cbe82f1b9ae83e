"""The cache in use: many use it at once, and nobody empties it meanwhile."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forgetbench.cache_use import emptying_cache, using_cache

USER = """
import sys
from forgetbench.cache_use import using_cache
with using_cache():
    print("used", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def test_a_cache_that_is_not_there_is_not_made(cache: Path) -> None:
    cache.rmdir()
    with using_cache():
        assert can_be_emptied()
    assert not cache.exists()


def can_be_emptied() -> bool:
    with emptying_cache() as alone:
        return alone


def test_it_is_in_use_as_long_as_anybody_uses_it() -> None:
    assert can_be_emptied()
    with using_cache():
        with using_cache():
            assert not can_be_emptied()
        assert not can_be_emptied()
    assert can_be_emptied()


def test_another_process_uses_it_until_it_is_killed() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", USER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "used\n"
        assert not can_be_emptied()
        process.kill()
        process.wait()
    assert can_be_emptied()


def test_a_cache_that_cannot_be_there_is_used_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "cache", Path(os.devnull) / "forgetbench"):
        monkeypatch.setenv("FORGETBENCH_CACHE", str(place))
        with using_cache():
            assert can_be_emptied()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_nothing_is_waited_for(cache: Path) -> None:
    os.mkfifo(cache / ".in-use")
    with using_cache():
        pass
    (cache / ".in-use").unlink()
    (cache / ".in-use").symlink_to("/dev/zero")
    with using_cache():
        pass
