"""Settings in one session against a session for each: the quickstart's freeze points under three rates.

scripts/bench vary [--rounds N] [--set KEY=VALUE]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pandas as pd

from benchmarks.measure import progress_to_stderr, run_measured
from benchmarks.table import machine, rows

SUITE = Path(__file__).parents[2] / "suites" / "quickstart.yaml"
RATES = (0.0003, 0.001, 0.003)


def timed(name: str, overrides: Sequence[str], folder: Path) -> tuple[float, Path]:
    """Return the wall time of a run, start-up included, and its folder."""
    output = folder / name
    options = [part for text in overrides for part in ("--set", text)]
    command = [sys.executable, "-m", "forgetbench", "run", str(SUITE), "--output", str(output), *options]
    cost = run_measured(command, folder / f"{name}.log", dict(os.environ), progress_to_stderr(name))
    (run,) = (output / "quickstart").iterdir()
    return cost.wall, run


def last_scores(runs: Sequence[Path]) -> pd.Series[float]:
    """Return AP of all checkpoints of some runs, by freeze point, epoch, role and attach point, in order."""
    tables = [pd.read_csv(run / "results.csv") for run in runs]
    joined = pd.concat([table[table["arm"] != "original"] for table in tables])
    key = ["freeze_point", "epoch", "role", "attach"]
    return joined.sort_values([*key, "ap"], kind="stable")["ap"].reset_index(drop=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench vary", description=str(__doc__))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    measured: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="forgetbench-vary-") as name:
        for number in range(1, given.rounds + 1):
            folder = Path(name) / f"round{number}"
            together, joint = timed("together", [f"vary={{lr0: {list(RATES)}}}", *given.overrides], folder)
            alone = [timed(f"alone-{rate}", [f"train.lr0={rate}", *given.overrides], folder) for rate in RATES]
            apart = (last_scores([joint]) - last_scores([run for _, run in alone])).abs().max()
            measured.append((together, sum(wall for wall, _ in alone)))
            print(f"round {number}: {measured[-1]}, AP apart by at most {apart:.2g}", file=sys.stderr, flush=True)
    lines = [[str(n), f"{a:.1f}", f"{b:.1f}", f"{a / b:.2f}"] for n, (a, b) in enumerate(measured, start=1)]
    shares = [a / b for a, b in measured]
    print(
        f"{machine()}\n\n{rows(['round', 'one session, s', 'three, s', 'ratio'], lines)}\n\nmedian {median(shares):.2f}"
    )


if __name__ == "__main__":
    main()
