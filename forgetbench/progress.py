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


def warnings_to(progress: Progress) -> Callable[[str], None]:
    """Return what tells a progress a warning."""
    return lambda text: progress.message(text, "warning")


def download_messages(progress: Progress) -> Callable[[str, int, int], None]:
    """Return what a download tells how far it is (file, bytes received, bytes in all): a line for every tenth."""
    said: dict[str, int] = {}

    def tell(name: str, received: int, total: int) -> None:
        tenths = 10 * received // total if total else 0
        if said.get(name) != tenths:
            said[name] = tenths
            progress.message(
                f"downloading {name}: {received / 1e6:,.0f} MB" + (f" of {total / 1e6:,.0f}" if total else "")
            )

    return tell
