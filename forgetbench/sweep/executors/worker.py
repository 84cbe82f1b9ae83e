"""A process that does one job: it reads what to do, tells how it goes, and ends with whoever began it.

`python -m forgetbench.sweep.executors.worker` is begun by `processes.py` alone. What it unpickles comes from there,
through a pipe that nobody else has.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from forgetbench.errors import ForgetbenchError


@dataclass(frozen=True)
class Failure:
    """Why a job was not done: the error, and where it arose."""

    error: BaseException
    trace: str


def main() -> None:
    """Do the job that the first line of standard input measures and the bytes after it are."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began this decides
    asked, told = sys.stdin.buffer, os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is not for the one that reads there
    task = asked.read(int(asked.readline()))
    threading.Thread(target=_end_with_parent, args=(asked,), daemon=True).start()
    failure = _done(task, told)
    answer = pickle.dumps(failure)
    sys.stderr.flush()
    told.write(f'{{"answer": "{answer.hex()}"}}\n')
    told.flush()


def _done(task: bytes, told: IO[str]) -> Failure | None:
    try:
        from forgetbench.sweep.executor import do_apart
        from forgetbench.sweep.executors.relay import Teller

        def send(line: str) -> None:
            told.write(f"{line}\n")
            told.flush()

        job, plan, run, device, beside = pickle.loads(task)  # noqa: S301 - from the process that began this one
        do_apart(job, plan, Path(run), device, Teller(send), beside=beside)
    except Exception as error:
        return _failure(error)
    return None


def _failure(error: Exception) -> Failure:
    trace = traceback.format_exc()
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    if isinstance(error, ForgetbenchError):
        trace = ""
    return Failure(error, trace)


def _end_with_parent(asked: IO[bytes]) -> None:
    """End at once when the other end of the pipe is closed, as when whoever held it was killed."""
    while os.read(asked.fileno(), 1):  # not by `asked`: Python aborts if it is waited for when the process ends
        pass
    os._exit(1)


if __name__ == "__main__":
    from forgetbench.sweep.executors import worker  # by its name, which `Failure` has to have where it is read

    worker.main()
