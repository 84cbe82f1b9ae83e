"""What the terminal sees: bars with rates and time left, or plain lines where there is no terminal.

All of a command's output goes through `say` and its like, one call a line: what they are told may hold names from
outside, which begin no line of their own and are never read as rich's markup.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from rich.console import Console
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from forgetbench.errors import printable
from forgetbench.progress import Level
from forgetbench.room import size as size

#: Without a terminal, a task says how far it is at most this often.
SECONDS_BETWEEN_LINES = 15.0


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        unit = task.fields["unit"]
        return Text(f"{task.speed:.2f} {unit}/s" if task.speed else f"– {unit}/s", style="progress.data.speed")


class ConsoleProgress:
    """Shows the conductor's messages and tasks; `quiet` shows only warnings, `verbose` also details."""

    def __init__(self, console: Console, *, quiet: bool, verbose: bool) -> None:
        self._console, self._quiet, self._verbose = console, quiet, verbose
        self._bars: Progress | None = None
        self._shown, self._changing = 0, Lock()

    def message(self, text: str, level: Level = "info") -> None:
        """Print one line."""
        if level == "warning":
            say_whole(self._console, f"warning: {text}", style="yellow")
        elif not self._quiet and (level == "info" or self._verbose):
            say_whole(self._console, text)

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
        """Show one task until the block ends."""
        if self._quiet:
            yield lambda _done, _state: None
        elif self._console.is_terminal:
            with self._bar(name, total, unit) as advance:
                yield advance
        else:
            with self._lines(name, total, unit) as advance:
                yield advance

    @contextmanager
    def _bar(self, name: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
        with self._all_bars() as bars:
            shown = bars.add_task(printable(name), total=total, unit=unit, state="")

            def advance(done: int, state: str) -> None:
                bars.update(shown, completed=done)
                if state:
                    bars.update(shown, state=printable(state))

            yield advance

    @contextmanager
    def _all_bars(self) -> Iterator[Progress]:
        """Yield the bars of all tasks that go on at once, which a terminal can only show together."""
        with self._changing:
            if self._bars is None:
                self._bars = _bars_on(self._console)
                self._bars.start()
            bars, self._shown = self._bars, self._shown + 1
        try:
            yield bars
        finally:
            with self._changing:
                self._shown -= 1
                if not self._shown:
                    bars.stop()
                    self._bars = None

    @contextmanager
    def _lines(self, name: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
        began = spoke = time.monotonic()
        state_now = ""
        say_whole(self._console, f"{name}: {total} {unit}{'es' if unit.endswith('ch') else 's'}")

        def advance(done: int, state: str) -> None:
            nonlocal spoke, state_now
            state_now = state or state_now
            now = time.monotonic()
            if done and now - spoke >= SECONDS_BETWEEN_LINES:
                spoke = now
                rate = done / (now - began)
                left = clock((total - done) / rate)
                line = f"{name}: {done}/{total}, {rate:.2f} {unit}/s, {left} left {state_now}"
                say_whole(self._console, line.rstrip())

        yield advance
        say_whole(self._console, f"{name}: done in {clock(time.monotonic() - began)}")


def _bars_on(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[state]}", markup=False),
    )
    return Progress(*columns, console=console)


def age(seconds: float) -> str:
    """Return how long ago something was, in the largest unit that it has two of: `95 min`, `3 days`."""
    for unit, long in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * long:
            return f"{seconds // long:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def say(screen: Console, text: str = "") -> None:
    """Print a line of plain words: wrapped at spaces on a terminal, whole elsewhere."""
    screen.print(Text(printable(text)), soft_wrap=not screen.is_terminal)


def say_whole(screen: Console, text: str, style: str = "") -> None:
    """Print a line that holds paths or commands, which people copy: a terminal breaks it, we do not."""
    screen.print(Text(printable(text)), style=style, soft_wrap=True)


def entry(screen: Console, name: str, text: str) -> None:
    """Print a name and what there is to say of it, on a terminal wrapped beside the name."""
    if not screen.is_terminal:
        say(screen, f"{name:<12} {text}")
        return
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=12)
    grid.add_column()
    grid.add_row(Text(printable(name)), Text(printable(text)))
    screen.print(grid)


def clock(seconds: float) -> str:
    """Return a duration as people say it: `45 s`, `3 min 20 s`, `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def show(screen: Console, made: Table) -> None:
    """Print a table whole: on a screen too narrow for it lines go on below, and no column is left out."""
    width = screen.width
    measured = Measurement.get(screen, screen.options.update(max_width=1000), made)
    gaps = 2 * len(made.columns)  # which the measured minimum leaves out
    if measured.minimum + gaps > width:
        screen.width = max(width, measured.maximum + gaps)
    try:
        screen.print(made)
    finally:
        screen.width = width


def table(title: str, header: list[str], rows: list[list[str]], left: int = 1) -> Table:
    """Return a table whose first `left` columns are text and the rest numbers."""
    named = Text(printable(title), "table.title")
    made = Table(title=named, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for position, name in enumerate(header):
        longest_word = max(len(word) for word in name.split()) if name else None
        made.add_column(
            Text(printable(name)),
            justify="left" if position < left else "right",
            # a label gives way before a number does
            min_width=longest_word if position >= left else min(16, longest_word or 0),
            overflow="fold",
        )
    for row in rows:
        add_row(made, *row)
    return made


def add_row(made: Table, *cells: str) -> None:
    """Add a row of cells that may hold names from outside."""
    made.add_row(*(Text(printable(cell)) for cell in cells))
