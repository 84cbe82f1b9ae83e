"""Kills what does the jobs of small runs (commands, shards, processes, drivers and nodes), beside other work.

Each run is done by `run --jobs`, by shards in random order, or on a Ray cluster of several nodes on this machine.
Something of it is killed (SIGKILL) at random moments and begun again. Then every table, checkpoint, annotations and
detections file has to have the bytes that one process gives, nothing else may lie in the folder, and the run has to
pass `verify` and `pack`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import psutil

from forgetbench.record.job_files import jobs_held
from reliability.chaos import compare, run_of, small_suite

#: How long a run may take before it is taken for hanging.
_MOST_SECONDS = 1500.0
_SHARDS = 3
#: A kill comes within so many seconds after something was finished.
_SECONDS_TO_KILL = 4.0


class Way(Protocol):
    """A way to have a run done by several processes."""

    def begin(self) -> None:
        """Begin, or begin again, whatever is not there."""

    def over(self) -> bool:
        """Tell whether all that was begun has come to its end; raise if something failed by itself."""

    def kill(self) -> str | None:
        """Kill something; return what it was, None if nothing was there to be killed."""

    def end(self) -> None:
        """End what is left."""


class Commands:
    """Commands that are begun in random order, and killed, or processes of theirs."""

    def __init__(
        self, suite: list[str], output: Path, log: Path, random_: random.Random, options: list[list[str]]
    ) -> None:
        self._log, self._random = log, random_
        self._waiting = [[sys.executable, "-m", "forgetbench", "run", *suite, "-o", str(output), *o] for o in options]
        self._running: list[tuple[list[str], subprocess.Popen[bytes]]] = []

    def begin(self) -> None:
        """Begin all that wait, with a moment in between."""
        self._random.shuffle(self._waiting)
        for command in self._waiting:
            with self._log.open("ab") as log:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self._running.append((command, process))
            time.sleep(self._random.random() * 2)
        self._waiting = []

    def over(self) -> bool:
        """Tell whether all commands have ended."""
        for command, process in self._running:
            if process.poll() not in (None, 0):
                raise SystemExit(
                    f"{command} ended with {process.returncode}:\n{self._log.read_text(errors='replace')[-3000:]}"
                )
        return not self._waiting and all(process.poll() is not None for _, process in self._running)

    def begin_again_what_said_so(self) -> None:
        """Have commands begun again that ended saying that this goes on where they stopped."""
        for command, process in list(self._running):
            if process.poll() == 1 and "goes on where it stopped" in self._log.read_text(errors="replace")[-3000:]:
                self._running.remove((command, process))
                self._waiting.append(command)

    def kill(self) -> str | None:
        """Kill one of the commands; it is to be begun again."""
        living = [(command, process) for command, process in self._running if process.poll() is None]
        if not living:
            return None
        command, process = self._random.choice(living)
        process.kill()
        process.wait()
        self._running.remove((command, process))
        self._waiting.append(command)
        return "shard" if "--shard" in command else "driver" if "--executor" in command else "command with --jobs"

    def end(self) -> None:
        """Kill what is left."""
        for _, process in self._running:
            process.kill()


class Jobs(Commands):
    """`run --jobs 2`: the command is killed, or one of the two processes that do jobs for it."""

    def kill(self) -> str | None:
        """Kill the command or a process of it."""
        workers = [process for process in _processes("executors.worker") if _is_below(process, self._running)]
        if workers and self._random.random() < 0.5:
            with suppress(psutil.NoSuchProcess):
                self._random.choice(workers).kill()
                return "process with a job"
            return None
        return super().kill()

    def over(self) -> bool:
        """Tell whether the command has ended; where a process of it was killed, it fails and is begun again."""
        self.begin_again_what_said_so()
        return super().over()


class OnRay(Commands):
    """A driver, and a cluster whose nodes are killed, as are the driver and the processes with jobs."""

    def __init__(self, cluster: Any, *given: Any) -> None:
        super().__init__(*given)
        self._cluster = cluster
        self._nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]

    def begin(self) -> None:
        """Begin the driver, with two nodes."""
        while len(self._nodes) < 2:
            self._nodes.append(self._cluster.add_node(num_cpus=1))
        super().begin()

    def kill(self) -> str | None:
        """Kill a node, a process with a job, or the driver."""
        what = self._random.choice(["node", "node", "job", "driver"])
        if what == "driver":
            return super().kill()
        if what == "job":
            jobs = list(_processes("ray::do_job"))
            if not jobs:
                return None
            with suppress(psutil.NoSuchProcess):
                self._random.choice(jobs).kill()
                return "process with a job on a node"
            return None
        if len(self._nodes) < 2:
            return None
        node = self._nodes.pop(self._random.randrange(len(self._nodes)))
        self._cluster.remove_node(node, allow_graceful=False)
        return "node"

    def over(self) -> bool:
        """Tell whether the driver has ended; where it lost the cluster, it is begun again."""
        self.begin_again_what_said_so()
        return super().over()

    def end(self) -> None:
        """End the driver and the nodes."""
        super().end()
        for node in self._nodes:
            self._cluster.remove_node(node, allow_graceful=False)


def _processes(name: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(name in part for part in process.cmdline()):
                yield process


def _is_below(process: psutil.Process, commands: list[tuple[list[str], subprocess.Popen[bytes]]]) -> bool:
    with suppress(psutil.Error):
        return process.ppid() in {command.pid for _, command in commands}
    return False


def torment(way: Way, output: Path, kills: int, random_: random.Random) -> tuple[Counter[str], Counter[str]]:
    """Let a run come to its end, killing something of it so many times; return what was killed, and amid which work.

    There is a kill only once something was finished since the one before, so that it does not meet mere beginnings.
    """
    killed, amid = Counter[str](), Counter[str]()
    began, finished = time.monotonic(), 0
    try:
        way.begin()
        while not way.over():
            time.sleep(0.1)
            if time.monotonic() - began > _MOST_SECONDS:
                raise SystemExit("a run does not come to its end")
            if sum(killed.values()) < kills and _finished(output) > finished:
                time.sleep(random_.random() * _SECONDS_TO_KILL)
                work = _work(output)
                what = way.kill()
                if what is not None:
                    killed[what] += 1
                    amid[work] += 1
                    finished = _finished(output)
            way.begin()
    finally:
        way.end()
    return killed, amid


def _finished(output: Path) -> int:
    """Return how many lines the journals of a run have."""
    count = 0
    for journal in (*output.glob("*/*/journal"), *output.glob("*/*/jobs/*/journal")):
        with suppress(FileNotFoundError):
            count += journal.read_bytes().count(b"\n")
    return count


def _work(output: Path) -> str:
    """Return what is being done of a run."""
    held = [job for run in output.glob("*/*") for job in jobs_held(run)]
    kinds = sorted({job.partition("-")[0] for job in held} - {"shard"})
    return " and ".join(kinds) or "the rest"


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep cores busy with so many processes that do nothing else."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.send_signal(signal.SIGKILL)


@contextmanager
def ray_cluster() -> Iterator[Any]:
    """Have a Ray cluster whose head does no jobs."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        yield cluster
    finally:
        cluster.shutdown()


def _ways(folder: Path, suite: list[str], random_: random.Random, cluster: Any) -> dict[str, Callable[[Path], Way]]:
    """Return how a run can be done, by name; each takes where to."""
    log = folder / "log.txt"
    shards = [["--shard", f"{number}/{_SHARDS}"] for number in range(1, _SHARDS + 1)]
    return {
        "jobs": lambda output: Jobs(suite, output, log, random_, [["--jobs", "2"]]),
        "shards": lambda output: Commands(suite, output, log, random_, shards),
        "ray": lambda output: OnRay(cluster, suite, output, log, random_, [["--executor", "ray", "--job-cpus", "1"]]),
    }


def main() -> None:
    """Read the command line, torment runs in turn, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=36)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ways", default="shards,jobs,ray")
    parser.add_argument("--load", type=int, default=2, help="other processes that keep cores busy")
    parser.add_argument("--a-run", type=int, default=4, help="most kills of one run")
    parser.add_argument("--runs", type=int, default=0, help="at least so many runs, also without kills")
    parser.add_argument("--suite", type=Path, help="instead of a small suite of seconds")
    parser.add_argument("--set", dest="overrides", action="append", default=[], help="as for `forgetbench run`")
    arguments = parser.parse_args()
    random_, failures, runs = random.Random(arguments.seed), list[str](), 0
    killed, amid = Counter[str](), Counter[str]()
    chosen = arguments.ways.split(",")
    with TemporaryDirectory(prefix="forgetbench-chaos-") as name, ray_cluster() as cluster, load(arguments.load):
        folder = Path(name)
        os.environ["FORGETBENCH_CACHE"] = f"{name}/cache"
        file = arguments.suite or folder / "chaos.yaml"
        if arguments.suite is None:
            file.write_text(json.dumps(small_suite(3) | {"seeds": [0, 1, 2, 3]}), encoding="utf-8")
        suite = [str(file), *(word for override in arguments.overrides for word in ("--set", override))]
        made = _ways(folder, suite, random_, cluster)
        torment(Commands(suite, folder / "alone", folder / "log.txt", random_, [[]]), folder / "alone", 0, random_)
        while sum(killed.values()) < arguments.kills or runs < arguments.runs:
            way, output = chosen[runs % len(chosen)], folder / f"run-{runs}"
            more, work = torment(made[way](output), output, min(arguments.a_run, arguments.kills), random_)
            killed, amid, runs = killed + more, amid + work, runs + 1
            found = compare(run_of(folder / "alone"), run_of(output), drawn=False)
            failures += [f"run {runs} ({way}, seed {arguments.seed}): {problem}" for problem in found]
            print(f"{way}: {dict(killed)}, {runs} runs finished, {len(failures)} failures", flush=True)
    print(", ".join(f"{count} amid {work}" for work, count in amid.most_common()))
    print(", ".join(f"{count} x {what}" for what, count in killed.most_common()))
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
