"""Threads that wait by spinning against threads that sleep: the quickstart, quiet and beside busy processes.

scripts/bench waiting [--rounds N] [--neighbours N ...] [--set KEY=VALUE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pandas as pd

from benchmarks.measure import progress_to_stderr
from benchmarks.table import machine, rows
from benchmarks.vary import timed

#: OMP_WAIT_POLICY: OpenMP's own default, and ours.
POLICIES = ("active", "passive")


@dataclass(frozen=True)
class Took:
    """What a run took: seconds in training steps of all branches and what they share, and altogether."""

    training: float
    altogether: float


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep this many processes computing."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def training_seconds(run: Path) -> float:
    """Return the seconds that a run's training took, by its table."""
    return float(pd.read_csv(run / "times.csv")["seconds"].sum())


def table(found: Sequence[tuple[int, dict[str, Took]]]) -> str:
    """Return a table of rounds, with how many times as fast passive waiting is, and the medians by neighbours."""
    lines, texts = [], []
    for number, (neighbours, took) in enumerate(found, start=1):
        active, passive = (took[policy] for policy in POLICIES)
        lines.append(
            [str(number), str(neighbours), f"{active.training:.1f}", f"{passive.training:.1f}",
             f"{active.training / passive.training:.2f}", f"{active.altogether:.1f}", f"{passive.altogether:.1f}",
             f"{active.altogether / passive.altogether:.2f}"]
        )  # fmt: skip
    for neighbours in dict.fromkeys(neighbours for neighbours, _ in found):
        mine = [took for other, took in found if other == neighbours]
        training, altogether = (
            median(getattr(took["active"], name) / getattr(took["passive"], name) for took in mine)
            for name in ("training", "altogether")
        )
        texts.append(f"beside {neighbours}: training {training:.2f} times as fast, the whole run {altogether:.2f}")
    head = ["round", "neighbours", "training, active, s", "passive, s", "ratio", "whole run, active, s", "passive, s",
            "ratio"]  # fmt: skip
    return f"{rows(head, lines)}\n\nMedians: {'; '.join(texts)}."


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench waiting", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--neighbours", type=int, nargs="+", default=[0, 6], help="busy processes (%(default)s)")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args(arguments)
    say, found = progress_to_stderr("waiting"), []
    with tempfile.TemporaryDirectory(prefix="forgetbench-waiting-") as name:
        for number in range(given.rounds):
            for neighbours in given.neighbours:
                took: dict[str, Took] = {}
                for policy in POLICIES if number % 2 == 0 else reversed(POLICIES):
                    os.environ["OMP_WAIT_POLICY"] = policy
                    folder = Path(name) / f"{number}-{neighbours}"
                    with busy(neighbours):
                        wall, run = timed(policy, given.overrides, folder)
                    took[policy] = Took(training_seconds(run), wall)
                found.append((neighbours, took))
                say(f"round {number + 1}, {neighbours} neighbours: {took}")
    print(f"{machine()}\n\n{table(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
