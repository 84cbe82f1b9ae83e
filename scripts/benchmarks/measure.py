"""Running one contender as a process of its own, and what that took: time, memory of all its processes, disk."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from forgetbench.errors import RunError

#: Seconds between two looks at the processes' memory, and between two lines of progress.
SAMPLE, REPORT = 0.2, 15.0
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Cost:
    """What a process and all it started took.

    Attributes:
        wall, cpu: Seconds on the clock; seconds of processor time, user and system.
        memory: Most bytes resident at once in all processes together (RSS), as sampled. Pages that processes share
            are counted for each; reading PSS instead was measured to take 23 ms of every look.
    """

    wall: float
    cpu: float
    memory: int


def run_measured(command: Sequence[str], log: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> Cost:
    """Run a command to its end and return what it took; its output goes to `log`.

    Args:
        command: Program and arguments.
        log: Replaced.
        environment: All of the process's environment.
        say: Told every few seconds how far it is.

    Raises:
        RunError: the command failed; the message shows the end of its output.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        began = reported = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=dict(environment), start_new_session=True
        )
        peak = 0
        try:
            while True:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                now = time.perf_counter()
                if pid:
                    break
                peak = max(peak, tree_memory(process.pid))
                if now - reported >= REPORT:
                    reported = now
                    say(f"{now - began:4.0f} s, {peak / 2**20:.0f} MiB, {last_line(log)}")
                time.sleep(SAMPLE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RunError(
            f"ended with exit code {process.returncode}",
            where=" ".join(command[1:4]),
            found=last_line(log),
            fix=f"Its whole output is in {log}.",
        )
    return Cost(now - began, usage.ru_utime + usage.ru_stime, peak)


def tree_memory(pid: int) -> int:
    """Return the bytes that a process and its descendants hold now."""
    total = 0
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return total


def last_line(log: Path) -> str:
    """Return the last thing a log says, progress bars included, on one line of at most 100 characters."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4000))
        text = file.read().decode("utf-8", errors="replace")
    lines = [_ESCAPE.sub("", line).strip() for line in re.split(r"[\r\n]", text)]
    return next((line[:100] for line in reversed(lines) if line), "no output yet")


def bytes_under(folder: Path, suffixes: tuple[str, ...] = ()) -> int:
    """Return the bytes of all files in a folder, or of those with one of the suffixes."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files if not suffixes or path.suffix in suffixes)


def progress_to_stderr(name: str) -> Callable[[str], None]:
    """Return a function that prints a contender's progress."""

    def say(text: Any) -> None:
        print(f"{name}: {text}", file=sys.stderr, flush=True)

    return say
