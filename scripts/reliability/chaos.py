"""Kills small runs at any moment, lets them go on, and compares what comes out with a run that nobody killed.

Half of the kills come at a random time, half before or after the n-th operation that changes a name on disk (a file
moved into its place, removed, brought to disk). A run is killed again and again until it gets to its end; then every
table, checkpoint, annotations and detections file has to have the bytes of the uninterrupted run, nothing else may lie
in the folder, and it has to be verified and packed.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from forgetbench.errors import InputError
from forgetbench.files import sha256_file
from forgetbench.proof import verify
from forgetbench.proof.pack import pack_run
from forgetbench.proof.verify import CHECKS, verify_run
from forgetbench.record.seal import files_in
from forgetbench.sweep.execute import run_suite

#: What is measured anew by whoever trains an epoch again, and what is drawn of it.
_MEASURED = ("times.csv", "sessions/", "figures/", "summary.md", "manifest.json")
#: The charts of every so many runs are drawn again to verify them.
_DRAWN_AGAIN = 5
#: Calls after which, or before which, a run may be killed.
_OPERATIONS = ("replace", "unlink", "fsync")


def small_suite(epochs: int) -> dict[str, Any]:
    """Return a suite of seconds that goes through every phase: evaluation while training, drift, claims."""
    return {
        "name": "chaos",
        "model": "yolov8p-shapes.safetensors",
        "target": {"format": "shapes", "world": "fine", "size": 64, "train_images": 8, "evaluate_images": 4},
        "reference": {"format": "shapes", "world": "general", "size": 64, "evaluate_images": 4},
        "freeze_points": ["all-but-head", "backbone"],
        "train": {
            "epochs": epochs, "imgsz": 64, "batch": 4, "nbs": 4, "optimizer": "AdamW", "lr0": 0.005, "warmup_epochs": 0,
            "patience": 3,
        },
        "evaluation": {"max_det": 50, "resamples": 50},
        "claims": [
            {"name": "kept", "says": "little is lost", "source": "p. 1", "quantity": "forgetting", "attach": "head",
             "below": 0.01},
        ],
    }  # fmt: skip


class Phase:
    """A progress that lets another process see what a run is doing."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 64)

    def message(self, text: str, level: str = "info") -> None:  # noqa: ARG002
        """Remember what is drawn; other lines are no phases."""
        if text == "drawing":
            self._set(text)

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:  # noqa: ARG002
        """Remember a task by its first word while it lasts; training is interrupted by evaluations."""
        before = str(self)
        self._set(name.split()[0])
        yield lambda _done, _state: None
        self._set(before)

    def _set(self, name: str) -> None:
        self._shared[:] = name.encode()[:64].ljust(64)

    def clear(self) -> None:
        """Begin anew."""
        self._set("between")

    def __str__(self) -> str:
        return self._shared[:].decode().strip()


@dataclass(frozen=True)
class Kill:
    """When a run is killed: after so many seconds, or at so many operations, before or after the last."""

    seconds: float | None = None
    operations: int = 0
    after: bool = False

    def arm(self) -> None:
        """Have this process kill itself at its moment, if that is an operation."""
        if self.seconds is not None:
            return
        count = 0

        def counted(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                nonlocal count
                count += 1
                if count == self.operations and not self.after:
                    os.kill(os.getpid(), signal.SIGKILL)
                result = function(*arguments, **named)
                if count == self.operations:
                    os.kill(os.getpid(), signal.SIGKILL)
                return result

            return call

        for name in _OPERATIONS:
            setattr(os, name, counted(getattr(os, name)))


@dataclass
class Tally:
    """What came of it.

    Attributes:
        kills: By what the run was doing.
        moments: By kind of moment.
        finished: Runs that got to their end.
        failures: What was not as it has to be.
    """

    kills: Counter[str] = field(default_factory=Counter)
    moments: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    failures: list[str] = field(default_factory=list)


def attempt(suite: dict[str, Any], output: Path, kill: Kill | None, phase: Phase, log: Path) -> bool:
    """Run a suite in a process of its own; tell whether it got to its end."""
    phase.clear()
    child = os.fork()
    if child == 0:
        try:
            words = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(words, 1)
            os.dup2(words, 2)
            if kill is not None:
                kill.arm()
            run_suite(suite, output=output, progress=phase)
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    if kill is not None and kill.seconds is not None:
        until = time.monotonic() + kill.seconds
        while time.monotonic() < until:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return _ended(status, log)
            time.sleep(0.005)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return _ended(status, log)


def _ended(status: int, log: Path) -> bool:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return True
    raise SystemExit(f"the run ended by itself with status {status}; its last words are in {log}:\n{log.read_text()}")


def found_by_child(reference: Path, run: Path, report: Path, *, drawn: bool) -> list[str]:
    """Compare in a process of its own: in this one no library may start threads, which its children would wait for."""
    child = os.fork()
    if child == 0:
        try:
            report.write_text(json.dumps(compare(reference, run, drawn=drawn)), encoding="utf-8")
        except BaseException as error:
            report.write_text(json.dumps([f"could not be compared: {type(error).__name__}: {error}"]), encoding="utf-8")
        os._exit(0)
    os.waitpid(child, 0)
    found: list[str] = json.loads(report.read_text(encoding="utf-8"))
    return found


def run_of(output: Path) -> Path:
    """Return the one run below a folder."""
    (run,) = (path for path in output.glob("*/*") if path.is_dir())
    return run


def compare(reference: Path, run: Path, *, drawn: bool = True) -> list[str]:
    """Return how a run differs from the one that nobody killed; to verify its charts takes most of the time."""
    names, expected = files_in(run), files_in(reference)
    found = [f"{name}: left behind" for name in sorted({*names} - {*expected})]
    found += [f"{name}: missing" for name in sorted({*expected} - {*names})]
    found += [
        f"{name}: other bytes"
        for name in expected
        if name in names and not name.startswith(_MEASURED) and sha256_file(run / name) != sha256_file(reference / name)
    ]
    verify.CHECKS = tuple(check for check in CHECKS if drawn or check[0] != "report")
    found += [f"verify: {finding}" for finding in verify_run(run).findings]
    try:
        with TemporaryDirectory() as name:
            pack_run(run, Path(name) / "packed.tar.gz")
    except InputError as error:
        found.append(f"pack: {error}")
    return found


def torment(suite: dict[str, Any], kills: int, seed: int, folder: Path, say: Callable[[str], None]) -> Tally:
    """Kill runs so many times; the last of them is let go on to its end."""
    random_ = random.Random(seed)
    phase, log, report, tally = Phase(), folder / "log.txt", folder / "report.json", Tally()
    attempt(suite, folder / "warm", None, phase, log)  # images are drawn once, into the cache
    began = time.monotonic()
    attempt(suite, folder / "reference", None, phase, log)
    seconds = time.monotonic() - began
    reference = run_of(folder / "reference")
    operations = 3 * len(files_in(reference))
    say(f"a run takes {seconds:.1f} s and writes {len(files_in(reference))} files")
    number = 0
    while sum(tally.kills.values()) < kills:
        output, number = folder / f"run-{number}", number + 1
        while True:
            share = random_.random() ** 2  # what goes on has less to do, so early moments come more often
            kill: Kill | None = Kill(seconds=share * seconds)
            if random_.random() < 0.5:
                kill = Kill(operations=1 + int(share * operations), after=random_.random() < 0.5)
            if sum(tally.kills.values()) >= kills:
                kill = None
            if attempt(suite, output, kill, phase, log):
                break
            assert kill is not None
            tally.kills[str(phase)] += 1
            tally.moments["a time" if kill.seconds is not None else "an operation"] += 1
        tally.finished += 1
        drawn = tally.finished % _DRAWN_AGAIN == 1
        differences = found_by_child(reference, run_of(output), report, drawn=drawn)
        found = [f"run {number} (seed {seed}): {problem}" for problem in differences]
        tally.failures += found
        for problem in found:
            say(problem)
        say(f"{sum(tally.kills.values())} kills, {tally.finished} runs finished, {len(tally.failures)} failures")
    return tally


def main() -> None:
    """Read the command line, torment, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=3, help="more of them: more kills while training")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="forgetbench-chaos-") as name:
        os.environ["FORGETBENCH_CACHE"] = f"{name}/cache"
        tally = torment(small_suite(arguments.epochs), arguments.kills, arguments.seed, Path(name), print)
    for what, counts in (("while", tally.kills), ("at", tally.moments)):
        print(", ".join(f"{count} {what} {key}" for key, count in counts.most_common()))
    sys.exit(1 if tally.failures else 0)


if __name__ == "__main__":
    main()
