"""The process that does one job: what it answers, and that it never outlives whoever began it."""

import json
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest
import torch
from support.held import with_this_path
from support.small_jobs import CPU, SmallJob, begun_run

from forgetbench.errors import CorruptRunError, DivergedError, RunLockedError
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import doing, jobs_done, jobs_held, mark_done
from forgetbench.sweep.executors.worker import Failure

COMMAND = [sys.executable, "-m", "forgetbench.sweep.executors.worker"]
#: Seconds that nothing here should ever take.
LONG = 120


def asked(job: SmallJob, run: Path, plan: Any = None) -> bytes:
    task = pickle.dumps((job, plan, str(run), CPU, 2))
    return b"%d\n" % len(task) + task


@contextmanager
def begun(content: bytes) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]]:
    """Begin a process as an executor does; yield it, what it reads and what it tells."""
    environment = with_this_path() | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    pipe = subprocess.PIPE
    with (
        TemporaryFile() as words,
        subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=words, env=environment) as process,
    ):
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(content)
            process.stdin.flush()
            yield process, process.stdin, process.stdout
        finally:
            process.kill()


def done(job: SmallJob, run: Path) -> tuple[Failure | None, list[dict[str, Any]]]:
    """Have a job done; return the answer, and the lines told before."""
    with begun(asked(job, run)) as (process, _, told):
        *lines, answer = map(json.loads, told)
        assert process.wait(LONG) == 0
    failure = pickle.loads(bytes.fromhex(answer["answer"]))
    assert failure is None or isinstance(failure, Failure)
    return failure, lines


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return begun_run(tmp_path / "run").path


@pytest.mark.parametrize("does", ["write", "chatter", "interrupted"])
def test_a_job_is_done_and_told_whatever_is_printed_or_pressed(run: Path, does: str) -> None:
    failure, lines = done(SmallJob(does), run)
    assert failure is None
    assert lines[0] == {"message": "began beside 2", "level": "info"}
    assert lines[1] == {"begins": 1, "name": "counting", "total": 3, "unit": "number"}
    assert lines[2:-1] == [{"task": 1, "done": number, "state": f"at {number}"} for number in (1, 2, 3)]
    assert lines[-1] == {"ends": 1}
    assert jobs_done(run) == {f"job-{does}"}
    assert jobs_held(run) == []
    assert RunFolder(run).journal.holds(run / "written.csv")
    assert (run / "written.csv").read_text() != str(os.getpid())


def test_an_error_of_ours_is_reported_as_it_is(run: Path) -> None:
    failure, _ = done(SmallJob("fail"), run)
    assert failure is not None
    assert failure.trace == ""
    assert type(failure.error) is DivergedError
    expected = DivergedError("no finite loss\x1b[31m", where=run, found=[1] * 99, further=["é\n", "more"])
    assert str(failure.error) == str(expected)
    assert jobs_done(run) == set()
    assert jobs_held(run) == []


def test_an_error_of_others_is_reported_with_its_traceback(run: Path) -> None:
    failure, _ = done(SmallJob("fail_oddly"), run)
    assert failure is not None
    assert type(failure.error) is AttributeError
    assert failure.trace.startswith("Traceback (most recent call last):")
    assert "getattr(site.plan, self.name)()" in failure.trace
    assert traceback.format_exception_only(failure.error)[-1] in failure.trace


def test_an_error_that_cannot_be_sent_is_told_in_words(run: Path) -> None:
    failure, _ = done(SmallJob("fail_unsendably"), run)
    assert failure is not None
    assert repr(failure.error) == "RuntimeError('UnsendableError: one and two')"
    assert "in fail_unsendably" in failure.trace


def test_a_run_that_nobody_began_is_not_worked_on(tmp_path: Path) -> None:
    failure, _ = done(SmallJob("write"), tmp_path / "run")
    assert failure is not None
    assert isinstance(failure.error, CorruptRunError)
    assert not (tmp_path / "run" / "written.csv").exists()


def wait_for_word(told: IO[bytes]) -> None:
    """Read until a job says that it waits; before, it may be said that its environment is another."""
    while json.loads(told.readline()).get("message") != "waits":
        pass


def test_it_ends_at_once_when_nobody_holds_its_pipe_any_more(run: Path) -> None:
    with begun(asked(SmallJob("wait"), run)) as (process, asking, told):
        wait_for_word(told)
        assert jobs_held(run) == ["job-wait"]
        asking.close()
        assert process.wait(LONG) == 1
        assert told.read() == b""
    assert jobs_held(run) == []
    assert jobs_done(run) == set()


@pytest.mark.parametrize("content", [b"", b"10\n", b"10\nabc", b"x\n", b"3\nabc"])
def test_a_task_that_came_in_part_or_is_none_ends_it(content: bytes) -> None:
    with begun(content) as (process, asking, told):
        asking.close()
        lines = told.read()
        code = process.wait(LONG)
    assert code != 0 or pickle.loads(bytes.fromhex(json.loads(lines)["answer"])) is not None


def test_an_interruption_is_left_to_whoever_began_it(run: Path) -> None:
    with begun(asked(SmallJob("wait"), run)) as (process, _, told):
        wait_for_word(told)
        for _ in range(3):
            process.send_signal(signal.SIGINT)
        (run / "go on").touch()
        (answer,) = map(json.loads, told)
        assert process.wait(LONG) == 0
    assert pickle.loads(bytes.fromhex(answer["answer"])) is None
    assert jobs_done(run) == {"job-wait"}


_PARENT = """
import subprocess, sys
worker = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE)
worker.stdin.write(open(sys.argv[1], "rb").read())
worker.stdin.flush()
worker.wait()
"""


def test_it_ends_when_whoever_began_it_is_killed(run: Path, tmp_path: Path) -> None:
    (tmp_path / "task").write_bytes(asked(SmallJob("wait"), run))
    command = [sys.executable, "-c", _PARENT, str(tmp_path / "task"), *COMMAND]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=with_this_path()) as parent:
        assert parent.stdout is not None
        wait_for_word(parent.stdout)
        assert jobs_held(run) == ["job-wait"]
        parent.kill()
        assert parent.wait(LONG) == -signal.SIGKILL
        with doing(run, "job-wait", patience=LONG):  # nobody else does it any more
            assert jobs_done(run) == set()
        assert parent.stdout.read() == b""  # to its end: no process has the other end


def test_a_job_that_another_process_does_is_refused(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: Callable[[], Any] = lambda: done(SmallJob("write"), run)  # noqa: E731
    with doing(run, "job-write"):
        failure, _ = refused()
    assert failure is not None
    assert isinstance(failure.error, RunLockedError)
    assert not (run / "written.csv").exists()
    mark_done(run, "job-write", {})  # which is a hint alone: it is done all the same
    assert refused()[0] is None
    assert (run / "written.csv").exists()
