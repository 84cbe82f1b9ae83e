"""Faults of the machine: what is said of each, and that nothing is left behind."""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from forgetbench.errors import ForgetbenchError, InputError, RunError
from forgetbench.faults import machine_fault, number_of, writing
from forgetbench.files import atomic_path, write_bytes, write_text
from forgetbench.record.folder import RunFolder
from forgetbench.record.state import save_state

#: The system's numbers with what has to be said of them, and whether another place has to be named (exit code 2).
SAID = {
    errno.ENOSPC: ("no room is left", "Make room", 1),
    errno.EDQUOT: ("quota", "Make room", 1),
    errno.EFBIG: ("may not be so large", "ulimit -f", 1),
    errno.ENOENT: ("folder is gone", "is there", 1),
    errno.ESTALE: ("network share is gone", "is there", 1),
    errno.EIO: ("the disk fails", "Look at the disk", 1),
    errno.EMFILE: ("too many files", "ulimit -n", 1),
    errno.EACCES: ("you may not write", "another place", 2),
    errno.EROFS: ("can only be read", "that can be written", 2),
    errno.ENAMETOOLONG: ("longer than the system allows", "shorter path", 2),
    errno.ENOTDIR: ("is a file, not a folder", "another place", 2),
    errno.ENOTEMPTY: (os.strerror(errno.ENOTEMPTY), "See to it", 1),
}


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", SAID)
def test_what_is_said_of_a_file_that_cannot_be_written(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.csv"
    write_text(path, "before")
    monkeypatch.setattr(os, "fsync", failing(number))
    with pytest.raises(ForgetbenchError) as caught:
        write_text(path, "after")
    found, fix, code = SAID[number]
    assert str(caught.value).startswith(f"{path}: cannot be written; found ")
    assert found in str(caught.value)
    assert fix in str(caught.value)
    assert caught.value.exit_code == code
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.csv"]
    assert path.read_text() == "before"


@pytest.mark.parametrize("step", ["write", "replace", "chmod", "mkstemp", "mkdir"])
def test_every_step_of_writing_a_file_names_it(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = {"write": (Path, "write_bytes"), "mkstemp": (tempfile, "mkstemp")}.get(step, (Path, step))
    monkeypatch.setattr(*where, failing(errno.ENOSPC))
    with pytest.raises(RunError, match=r"a\.txt: cannot be written; found no room is left on the disk\. Make room"):
        write_bytes(tmp_path / "a.txt", b"x")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_told_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (Path("run/a.txt"), tmp_path / "run" / "a.txt"):
        with (
            pytest.raises(RunError, match=r"run/a\.txt: cannot be written; found its folder is gone\. See that"),
            atomic_path(path),
        ):
            shutil.rmtree(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_another_file_is_not_taken_for_the_one_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "archive"):
        (tmp_path / "run" / "gone").read_bytes()
    with pytest.raises(ValueError, match="ours"), atomic_path(tmp_path / "archive"):
        raise ValueError("ours")
    with pytest.raises(InputError, match="told already"), atomic_path(tmp_path / "archive"):
        raise InputError("told already")


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe: cannot be written; expected a file, or nothing yet, found a device"):
        write_text(tmp_path / "pipe", "x")
    with pytest.raises(InputError, match="found a folder"):
        write_text(tmp_path, "x")
    assert (tmp_path / "pipe").is_fifo()


def test_a_file_may_have_as_long_a_name_as_the_system_allows(tmp_path: Path) -> None:
    for name in ("x" * 255, "ä" * 127, "x" * 199, "x" * 200):
        write_text(tmp_path / name, "whole")
        assert (tmp_path / name).read_text() == "whole"
    with pytest.raises(InputError, match=r"longer than the system allows\. Name a shorter path"):
        write_text(tmp_path / ("x" * 256), "x")
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("length", [3700, 3800, 3900, 4000, 4060, 4085, 4090, 4095, 4096, 5000])
def test_a_folder_too_deep_for_a_run_is_refused_before_anything_is_made(length: int, tmp_path: Path) -> None:
    rest = length - len(str(tmp_path))
    deep = tmp_path.joinpath(*["d" * 99] * (rest // 100), "d" * max(rest % 100 - 1, 1))
    folder = RunFolder(deep)
    if length < 3790:
        with folder.lock():
            (deep / "checkpoints" / ("a" * 100)).mkdir(parents=True)
            write_text(deep / "checkpoints" / ("a" * 100) / ("b" * 90), "x")
        return
    with pytest.raises(InputError, match="longer than the system allows"), folder.lock():
        raise AssertionError("held")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EMFILE])
def test_a_run_folder_that_cannot_be_written_is_named(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forgetbench.record.lock.FileLock.acquire", failing(number))
    found, fix, code = SAID[number]
    with pytest.raises(ForgetbenchError, match=found) as caught, RunFolder(tmp_path / "run").lock():
        raise AssertionError("held")
    assert fix in str(caught.value)
    assert (str(caught.value).startswith(f"{tmp_path / 'run'}: "), caught.value.exit_code) == (True, code)


def test_a_state_that_falls_short_says_why(tmp_path: Path) -> None:
    """PyTorch hides the system's error behind one of its own, whatever the write was that failed."""
    script = """
import resource, signal, sys, torch
from pathlib import Path
from forgetbench.record.state import save_state
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for size in (0, 10, 300, 1000, 3000, 100_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        save_state(Path(sys.argv[1]), {"a": torch.zeros(50_000), "b": [1, 2]})
    except Exception as error:
        print(type(error).__name__, str(error))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "state.pt"], capture_output=True, text=True, check=True
    )
    said = f"RunError {tmp_path}/state.pt: cannot be written; found files may not be so large here. Raise the limit"
    assert [line.startswith(said) for line in done.stdout.splitlines()] == [True] * 6
    assert list(tmp_path.iterdir()) == []


def test_states_are_equal_byte_by_byte_and_read_back(tmp_path: Path) -> None:
    for name in ("a.pt", "b.pt"):
        save_state(tmp_path / name, {"a": torch.arange(3)})
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()
    assert torch.load(tmp_path / "a.pt", weights_only=True)["a"].tolist() == [0, 1, 2]


def test_numpys_short_write_is_want_of_room(tmp_path: Path) -> None:
    with (
        pytest.raises(RunError, match="spool: cannot be written; found no room"),
        writing(tmp_path / "spool"),
        Path("/dev/full").open("wb") as full,
    ):
        np.zeros(100_000).tofile(full)


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (MemoryError("Unable to allocate 3 GiB"), "there is not enough memory; found Unable to allocate 3 GiB. End", 1),
        (MemoryError(), "there is not enough memory. End other programs, or lower train.batch", 1),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate"), "memory", 1),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"), "there is not enough memory; found CUDA", 1),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. "), "Lower train.workers", 1),
        (RuntimeError("unable to open shared memory object: Too many open files (24)"), "ulimit -n", 1),
        (OSError(errno.EIO, "Input/output error", "/d/x.jpg"), "/d/x.jpg: cannot be used; found the disk fails", 1),
        (FileNotFoundError(errno.ENOENT, "No such file", "/d/x"), "/d/x: cannot be used; found No such", 1),
        (PermissionError(errno.EACCES, "No", "/d/x"), "/d/x: cannot be used; found Permission denied", 2),
        (OSError(errno.ENOSPC, "No space left on device"), "the system refuses; found no room is left on the disk", 1),
    ],
)  # fmt: skip
def test_what_is_said_of_other_faults(error: Exception, said: str, code: int) -> None:
    fault = machine_fault(error)
    assert fault is not None
    assert said in str(fault)
    assert fault.exit_code == code


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), RuntimeError("shape mismatch"), KeyError("memory"), OSError("no number"), IndexError()],
)
def test_defects_are_no_faults_of_the_machine(error: Exception) -> None:
    assert machine_fault(error) is None
    assert number_of(error) is None
