"""What a process that does a job tells the one that waits for it: messages, how far its tasks are, how it ended."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

from forgetbench.progress import Level, Progress

#: A task's advance is told at most this often.
_SECONDS_BETWEEN = 0.5


class Teller:
    """A progress whose lines go to another process, one JSON object each.

    Args:
        send: Takes a line, without its end.
        clock: Tells the seconds.
    """

    def __init__(self, send: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._send, self._clock, self._lock = send, clock, threading.Lock()
        self._tasks = 0

    def message(self, text: str, level: Level = "info") -> None:
        """Tell one line."""
        self._tell(message=text, level=level)

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
        """Tell of one task until the block ends."""
        self._tasks += 1
        number, told = self._tasks, self._clock()
        self._tell(begins=number, name=name, total=total, unit=unit)

        def advance(done: int, state: str) -> None:
            nonlocal told
            if state or self._clock() - told >= _SECONDS_BETWEEN:
                told = self._clock()
                self._tell(task=number, done=done, state=state)

        try:
            yield advance
        finally:
            self._tell(ends=number)

    def _tell(self, **line: Any) -> None:
        with self._lock:
            self._send(json.dumps(line))


class Relay:
    """Hands what a `Teller` tells to a progress of this process; messages begin with the job's name."""

    def __init__(self, job: str, progress: Progress) -> None:
        self._job, self._progress = job, progress
        self._tasks: dict[int, tuple[ExitStack, Callable[[int, str], None]]] = {}

    def __call__(self, line: str) -> None:
        """Take a line; what is none of a teller's, such as a library's words, is a detail."""
        try:
            taken = self._take(json.loads(line))
        except (ValueError, LookupError, TypeError, RecursionError):
            taken = False
        if not taken:
            self._progress.message(f"{self._job}: {line.rstrip()}", "detail")

    def _take(self, told: Any) -> bool:
        """Do what a teller tells; return whether it is something."""
        if not isinstance(told, dict):
            return False
        if "message" in told:
            self._progress.message(f"{self._job}: {told['message']}", cast(Level, told["level"]))
        elif "begins" in told:
            number, task = told["begins"], (told["name"], told["total"], told["unit"])
            shown = ExitStack()
            self._tasks[number] = shown, shown.enter_context(self._progress.task(*task))
        elif "task" in told:
            self._tasks[told["task"]][1](told["done"], told["state"])
        elif told.get("ends") in self._tasks:
            self._tasks.pop(told["ends"])[0].close()
        else:
            return False
        return True

    def close(self) -> None:
        """End what is still shown of tasks: the process is gone."""
        while self._tasks:
            self._tasks.popitem()[1][0].close()
