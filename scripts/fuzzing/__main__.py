"""The command line of `scripts/fuzz`."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from fuzzing.readers import READERS
from fuzzing.session import MEBIBYTES, SECONDS, Finding, spoilt_input, try_inputs, write_files

#: Memory that the process reading inputs may ask for: the machine is not to go down with it.
_ADDRESS_SPACE = 24 << 30


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(
        prog="scripts/fuzz",
        description="Spoil valid inputs and give them to forgetbench's readers. A reader may read an input or refuse "
        "it with an error of forgetbench's; anything else, a crash of the process, too much time or memory, is a "
        "finding. Findings are written to a folder each, with the files, the traceback and the command that repeats "
        "it. Exit code 1 if there is any.",
        epilog=f"Readers: {', '.join(READERS)}.",
    )
    made.add_argument(
        "--reader", action="append", choices=READERS, metavar="NAME", help="may be given again; default: all"
    )
    made.add_argument("--count", type=int, default=1000, help="inputs for each reader (%(default)s)")
    made.add_argument("--seed", type=int, default=0, help="of the inputs; input i of a seed is always the same")
    made.add_argument("--start", type=int, default=0, help="the first input's number")
    made.add_argument("--only", type=int, help="read this input alone and say what happens")
    made.add_argument("--seconds", type=float, default=SECONDS, help="that one input may take (%(default)s)")
    made.add_argument("--memory", type=int, default=MEBIBYTES, help="MiB that one input may take (%(default)s)")
    made.add_argument("--findings", type=Path, default=Path("fuzz-findings"), help="folder for findings (%(default)s)")
    return made


@dataclass
class Tally:
    """What came of one reader's inputs."""

    read: int = 0
    refused: int = 0
    findings: list[Finding] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    given = parser().parse_args(arguments)
    indices = [given.only] if given.only is not None else range(given.start, given.start + given.count)
    found = 0
    for reader in given.reader or READERS:
        began = time.monotonic()
        tally = fuzz(reader, given.seed, indices, given.seconds, given.memory)
        found += len(tally.findings)
        kinds = Counter(finding.problem for finding in tally.findings)
        print(
            f"{reader}: {len(indices):,} inputs, {tally.read:,} read, {tally.refused:,} refused, "
            f"{len(tally.findings)} findings of {len(kinds)} kinds, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        for problem, count in kinds.most_common():
            first = next(finding for finding in tally.findings if finding.problem == problem)
            keep(first, given.findings)
            print(f"  {count} x {first}", flush=True)
    return 1 if found else 0


def fuzz(reader: str, seed: int, indices: Sequence[int], seconds: float, mebibytes: int) -> Tally:
    """Read inputs in another process, which is started anew where one brings it down."""
    tally, at = Tally(), 0
    while at < len(indices):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        worker = multiprocessing.get_context("fork").Process(
            target=_work, args=(theirs, reader, seed, indices[at:], seconds, mebibytes)
        )
        worker.start()
        theirs.close()
        while at < len(indices):
            if not ours.poll(4 * seconds + 60):
                worker.kill()
                tally.findings.append(_ended(reader, seed, indices[at], "hangs and cannot be interrupted"))
                at += 1
                break
            try:
                refused, finding = ours.recv()
            except EOFError:
                worker.join()
                name = signal.Signals(-(worker.exitcode or 0)).name if (worker.exitcode or 0) < 0 else "an exit"
                tally.findings.append(_ended(reader, seed, indices[at], f"ends the process with {name}"))
                at += 1
                break
            at += 1
            tally.refused += refused and finding is None
            tally.read += not refused and finding is None
            tally.findings += [finding] if finding else []
        worker.join()
    return tally


def keep(finding: Finding, folder: Path) -> None:
    """Write a finding's files, and what repeats it."""
    place = folder / f"{finding.reader}-{finding.seed}-{finding.index}"
    write_files(finding.files, place / "files")
    (place / "finding.txt").write_text(f"{finding}\n\n{finding.trace}", encoding="utf-8", errors="backslashreplace")


def _ended(reader: str, seed: int, index: int, problem: str) -> Finding:
    return Finding(reader, seed, index, problem, "", spoilt_input(reader, seed, index))


def _work(to: Connection, reader: str, seed: int, indices: Sequence[int], seconds: float, mebibytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    for _, refused, finding in try_inputs(reader, seed, indices, seconds, mebibytes):
        to.send((refused, finding))
    to.close()


if __name__ == "__main__":
    sys.exit(main())
