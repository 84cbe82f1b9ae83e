"""How OpenMP's threads wait for each other: the quickstart under several settings, quiet and beside busy processes.

scripts/bench waiting [--rounds N] [--neighbours N ...] [--settings NAME=VALUE ...] [--set KEY=VALUE]
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

#: What is set: nothing, so that OpenMP decides; threads that never spin; threads that spin for a moment.
SETTINGS = ("default", "OMP_WAIT_POLICY=passive", "GOMP_SPINCOUNT=10000")


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


@contextmanager
def with_variable(setting: str) -> Iterator[None]:
    """Set an environment variable, given as NAME=VALUE, for the block; anything else sets none."""
    name, equals, value = setting.partition("=")
    before = dict(os.environ)
    try:
        if equals:
            os.environ[name] = value
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def training_seconds(run: Path) -> float:
    """Return the seconds that a run's training took, by its table."""
    return float(pd.read_csv(run / "times.csv")["seconds"].sum())


def table(found: Sequence[tuple[int, dict[str, Took]]]) -> str:
    """Return a table of rounds, and how many times as fast as the first setting each is: medians by neighbours."""
    lines, texts = [], []
    for number, (neighbours, took) in enumerate(found, start=1):
        seconds = [f"{one.training:.1f} / {one.altogether:.1f}" for one in took.values()]
        lines.append([str(number), str(neighbours), *seconds])
    first, *others = found[0][1]
    for neighbours in dict.fromkeys(neighbours for neighbours, _ in found):
        mine = [took for other, took in found if other == neighbours]
        for setting in others:
            training = median(took[first].training / took[setting].training for took in mine)
            altogether = median(took[first].altogether / took[setting].altogether for took in mine)
            texts.append(f"beside {neighbours}, {setting}: training {training:.2f}, the whole run {altogether:.2f}")
    head = ["round", "neighbours", *(f"{setting}, s training / whole run" for setting in found[0][1])]
    return f"{rows(head, lines)}\n\nTimes as fast as {first}, medians: {'; '.join(texts)}."


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench waiting", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--neighbours", type=int, nargs="+", default=[0, 6], help="busy processes (%(default)s)")
    parser.add_argument("--settings", nargs="+", default=SETTINGS, help="what is compared (%(default)s)")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args(arguments)
    say, found = progress_to_stderr("waiting"), []
    with tempfile.TemporaryDirectory(prefix="forgetbench-waiting-") as name:
        for number in range(given.rounds):
            for neighbours in given.neighbours:
                took: dict[str, Took] = {}
                for place in range(len(given.settings)):  # another one begins each round
                    setting = given.settings[(place + number) % len(given.settings)]
                    folder = Path(name) / f"{number}-{neighbours}-{place}"
                    with busy(neighbours), with_variable(setting):
                        wall, run = timed("run", given.overrides, folder)
                    took[setting] = Took(training_seconds(run), wall)
                found.append((neighbours, {setting: took[setting] for setting in given.settings}))
                say(f"round {number + 1}, {neighbours} neighbours: {took}")
    print(f"{machine()}\n\n{table(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
