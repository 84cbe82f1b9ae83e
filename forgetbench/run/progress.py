"""How the conductor tells what it is doing; the command line shows it, a program may ignore it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

Level = Literal["detail", "info", "warning"]


class Progress(Protocol):
    """Receives messages and the advance of long tasks."""

    def message(self, text: str, level: Level = "info") -> None:
        """Say one line."""

    def task(self, name: str, total: int, unit: str) -> AbstractContextManager[Callable[[int, str], None]]:
        """Begin a task; the context gives a function taking how much is done and a word on the state."""


class Silent:
    """Says nothing."""

    def message(self, text: str, level: Level = "info") -> None:
        """Drop the line."""

    def task(self, name: str, total: int, unit: str) -> AbstractContextManager[Callable[[int, str], None]]:  # noqa: ARG002
        """Give a function that does nothing."""
        return nullcontext(lambda _done, _state: None)
