"""A progress that keeps what it is told."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from forgetbench.progress import Level, Silent


class Recorder(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.tasks: list[str] = []

    def message(self, text: str, level: Level = "info") -> None:
        self.lines.append(f"{level}: {text}")

    def task(self, name: str, total: int, unit: str) -> AbstractContextManager[Callable[[int, str], None]]:
        self.tasks.append(name)
        return nullcontext(lambda _done, _state: None)
