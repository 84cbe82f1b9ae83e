"""Warnings that other work slows a run, before it starts and when it falls behind, with what helps."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from statistics import median

import torch

from forgetbench import neighbours
from forgetbench.progress import Progress

#: The pace is read at most this often, so that what takes a moment is a small part of it.
READ_SECONDS = 1.0
#: Readings whose median is the pace: a lasting slow-down decides it after four, a hiccup never does.
WINDOW = 7
#: A pace that is this many times slower than the best before is looked into.
SLOWER = 2.0


def warn_before_run(device: torch.device, progress: Progress, *, new_run: bool) -> None:
    """Warn if other work is going to slow a run that is about to start.

    Args:
        device: Where it computes.
        progress: Told.
        new_run: Whether its number of threads may still be another.
    """
    found = neighbours.measure_other_work()
    if found is not None and found.slows(device):
        helps = _what_helps(found, device, "stop this run and start it again", new_run=new_run)
        progress.message(f"{found}: this may take several times as long as without it. {helps}", "warning")


def warn_of_estimate(device: torch.device, progress: Progress) -> None:
    """Warn if other work slowed the rehearsal that an estimate rests on."""
    found = neighbours.measure_other_work()
    if found is not None and found.slows(device):
        helps = _what_helps(found, device, "start the run", new_run=True)
        progress.message(
            f"{found}, and the time was estimated beside it: a run may take several times as long. {helps}", "warning"
        )


def _what_helps(found: neighbours.OtherWork, device: torch.device, restart: str, *, new_run: bool) -> str:
    settings = " or ".join(found.settings_that_help(device, new_run=new_run))
    return "What helps: stop the other work" + (f", or {restart} with {settings}." if settings else ".")


@dataclass(frozen=True)
class Drop:
    """A lasting slow-down: what is done in a second, at best and now."""

    best: float
    now: float

    def __str__(self) -> str:
        return f"from {_rate(self.best)} to {_rate(self.now)}"


class Pace:
    """Seconds that one of many equal pieces of work takes, to notice when they have doubled for good."""

    def __init__(self) -> None:
        self._readings: deque[float] = deque(maxlen=WINDOW)
        self._seconds, self._pieces = 0.0, 0
        self._best: float | None = None

    def add(self, seconds: float, pieces: int = 1) -> Drop | None:
        """Take the time that pieces took; returns a drop to half of the best rate so far, or less.

        Rates are medians of equally many readings. After a drop the lower rate counts as the best: work that has
        grown, as when a branch unfreezes, is reported once.
        """
        self._seconds, self._pieces = self._seconds + seconds, self._pieces + pieces
        if self._seconds < READ_SECONDS:
            return None
        self._readings.append(self._seconds / self._pieces)
        self._seconds, self._pieces = 0.0, 0
        if len(self._readings) < WINDOW:
            return None
        now = median(self._readings)
        if self._best is None or now < self._best:
            self._best = now
        if now < SLOWER * self._best:
            return None
        drop = Drop(1 / self._best, 1 / now)
        self._best = now
        return drop


class PaceWatch:
    """Warns, once, when work falls behind because of other work on its cores."""

    def __init__(self, work: str, pieces: str, device: torch.device, progress: Progress) -> None:
        """Watch some work.

        Args:
            work: What it is called, e.g. `training`.
            pieces: What it is counted in, e.g. `batches`.
            device: Where it computes.
            progress: Told.
        """
        self._work, self._pieces, self._device, self._progress = work, pieces, device, progress
        self._pace = Pace()
        self._last: tuple[int, float] | None = None
        self._warned = False

    def done(self, pieces: int) -> None:
        """Take note that so many pieces are done by now, counted anew in every epoch.

        What lies between two epochs, such as saving and scoring, is not counted as work.
        """
        if self._warned:
            return
        last, now = self._last, time.monotonic()
        self._last = pieces, now
        if last is None or pieces <= last[0]:
            return
        drop = self._pace.add(now - last[1], pieces - last[0])
        if drop is not None:
            self._look_into(drop)
            self._last = pieces, time.monotonic()

    def _look_into(self, drop: Drop) -> None:
        found = neighbours.measure_other_work()
        if found is None or not found.slows(self._device):
            return
        self._warned = True
        helps = _what_helps(found, self._device, "stop this run and let the same command go on", new_run=False)
        self._progress.message(f"{self._work} fell {drop} {self._pieces} a second: {found}. {helps}", "warning")


def _rate(a_second: float) -> str:
    return f"{a_second:.2f}" if a_second >= 0.1 else f"{a_second:.2g}"
