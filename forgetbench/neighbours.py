"""Other work on the cores that this process may use: how much there is, whether it matters, and what helps."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import psutil
import torch

from forgetbench.device import available_cores, cores_wanted

#: How long is measured: 30 of the ticks in which Linux counts processor time.
SECONDS = 0.3
#: Other work matters once it takes this many of the cores that this process keeps busy.
MATTERS = 0.5
#: Fields of a core's times in which it works, for us or for others; `steal` is what other virtual machines took.
BUSY = ("user", "nice", "system", "irq", "softirq", "steal")


@dataclass(frozen=True)
class OtherWork:
    """What other processes take of the cores that this one may use.

    Attributes:
        busy: Cores kept busy, from 0 to `cores`.
        cores: Cores this process may use.
        load: The machine's load average over the last minute, this process included; None where there is none.
    """

    busy: float
    cores: int
    load: float | None

    def __str__(self) -> str:
        load = f" (load average {self.load:.1f})" if self.load is not None and self.load > self.cores else ""
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return f"other work keeps {self.busy:.1f} of {cores} busy{load}"

    def slows(self, device: torch.device) -> bool:
        """Tell whether it leaves too few cores for what this process computes on a device."""
        return cores_wanted(device) - (self.cores - self.busy) >= MATTERS

    def settings_that_help(self, device: torch.device, *, new_run: bool) -> list[str]:
        """Return variables to start a process with that make it less slow beside this work, and what they change.

        OpenMP's threads wait for each other by spinning, which other work prolongs. Waiting passively changes no
        number; fewer threads order sums otherwise, so a run that has begun has to keep their number.
        """
        wanted, free = cores_wanted(device), max(1, round(self.cores - self.busy))
        if device.type != "cpu" or wanted == 1:
            return []
        settings = []
        if os.environ.get("OMP_WAIT_POLICY", "").strip().lower() != "passive":
            settings.append("OMP_WAIT_POLICY=passive (changes no number)")
        if new_run and free < wanted:
            settings.append(f"OMP_NUM_THREADS={free} (changes last digits, so for a new run only)")
        return settings


def measure_other_work(seconds: float = SECONDS) -> OtherWork | None:
    """Measure for a moment, in which the caller sleeps, what other processes take; None where the system does not tell.

    This process and those it started, such as loaders, are not other work.
    """
    try:
        everything, own, began = busy_seconds(), own_seconds(), time.monotonic()
        time.sleep(seconds)
        everything, own = busy_seconds() - everything, max(own_seconds() - own, 0.0)
        passed = time.monotonic() - began
    except Exception:  # depends on system and container; whatever is missing, other work is then unmeasured
        return None
    cores = available_cores()
    return OtherWork(min(max(everything - own, 0.0) / passed, cores), cores, load_average())


def busy_seconds() -> float:
    """Return the seconds that the cores this process may use have worked since the machine was started."""
    times = psutil.cpu_times(percpu=True)
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(len(times))
    return float(sum(getattr(times[core], name, 0.0) for core in mine for name in BUSY))


def own_seconds() -> float:
    """Return the processor seconds of this process and of all that it started."""
    process = psutil.Process()
    own = float(sum(process.cpu_times()[:4]))  # user and system time, of itself and of children that have ended
    for child in process.children(recursive=True):
        try:
            own += sum(child.cpu_times()[:4])
        except psutil.NoSuchProcess:  # ended just now, and is counted with its parent's
            continue
    return own


def load_average() -> float | None:
    """Return the load average over the last minute; None where there is none."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # not on Windows, or not in this container
        return None
