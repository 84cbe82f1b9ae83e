"""What work takes on a device, by what it is for, without a wait for the device at every piece of it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from forgetbench.meters import Moment, moment, seconds_between

#: Most pieces of work whose ends are not looked at yet: a GPU has long done the oldest.
MOST_OPEN = 1000


class Stopwatch:
    """Adds up what pieces of work take; a piece inside another counts for itself alone."""

    def __init__(self, device: torch.device) -> None:
        """Begin at nothing on a device."""
        self._device = device
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._open: deque[tuple[str, Moment, Moment]] = deque()
        self._running: list[str] = []
        self._since: Moment = 0.0

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Count what runs inside the block under a name."""
        self._turn()
        self._running.append(name)
        try:
            yield
        finally:
            self._turn()
            self._running.pop()

    def take(self) -> dict[str, float]:
        """Return the seconds by name, and begin at nothing again; waits until the device has done all that was timed.

        Call it outside of what is timed.
        """
        self._add_up(0)
        seconds, self._seconds = dict(self._seconds), defaultdict(float)
        return seconds

    def _turn(self) -> None:
        """End the piece that runs, if one does, where the next begins."""
        here = moment(self._device)
        if self._running:
            self._open.append((self._running[-1], self._since, here))
            self._add_up(MOST_OPEN)
        self._since = here

    def _add_up(self, left: int) -> None:
        while len(self._open) > left:
            name, start, end = self._open.popleft()
            self._seconds[name] += seconds_between(start, end)
