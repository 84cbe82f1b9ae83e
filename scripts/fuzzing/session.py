"""Reading spoilt inputs one after another: each may be read or refused, within a time and a memory."""

from __future__ import annotations

import resource
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType

from forgetbench.errors import ForgetbenchError
from fuzzing.readers import READERS, Files

#: Seconds of computing, whatever else the machine does, and MiB that one input may take.
SECONDS, MEBIBYTES = 5.0, 512


class TooSlowError(BaseException):
    """An input took longer than it may; no reader catches it."""


@dataclass(frozen=True)
class Finding:
    """An input that was neither read nor refused as it should be.

    Attributes:
        reader: The reader's name.
        seed: The seed that made it.
        index: Which input of that seed.
        problem: What happened, in one line.
        trace: Where, for people who mend it.
        files: The input.
    """

    reader: str
    seed: int
    index: int
    problem: str
    trace: str
    files: Files

    def __str__(self) -> str:
        """Return a line with what repeats it."""
        return f"{self.problem}: scripts/fuzz --reader {self.reader} --seed {self.seed} --only {self.index}"


def spoilt_input(reader: str, seed: int, index: int) -> Files:
    """Return an input; the same for the same numbers."""
    known = READERS[reader]
    return known.spoilt(known.inputs(), Random(f"{reader}/{seed}/{index}"))


def try_inputs(
    reader: str, seed: int, indices: Iterable[int], seconds: float = SECONDS, mebibytes: int = MEBIBYTES
) -> Iterator[tuple[int, bool, Finding | None]]:
    """Read inputs; yield for each its index, whether it was refused, and the finding if it is one.

    Args:
        reader: Which reader.
        seed: The inputs' seed.
        indices: Which of them.
        seconds: How long one may compute; the process that started this one sees to those that wait.
        mebibytes: How much memory one may take.
    """
    with tempfile.TemporaryDirectory(prefix="forgetbench-fuzz-") as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for index in indices:
            files = spoilt_input(reader, seed, index)
            folder = Path(place) / "input"
            write_files(files, folder)
            refused, problem, trace = _outcome(reader, folder, seconds, mebibytes)
            shutil.rmtree(folder)
            yield index, refused, Finding(reader, seed, index, problem, trace, files) if problem else None


def write_files(files: Files, folder: Path) -> None:
    """Write an input into a folder, which is made."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _outcome(reader: str, folder: Path, seconds: float, mebibytes: int) -> tuple[bool, str, str]:
    """Return whether an input was refused, and what else happened and where, empty where nothing did."""
    began, before = time.process_time(), _peak()
    refused, problem, trace = False, "", ""
    try:
        with _alarm(seconds):
            READERS[reader].read(folder)
    except ForgetbenchError as error:
        refused = True
        if not str(error).strip() or len(str(error)) > 20_000:
            problem = f"an error of {len(str(error))} characters"
    except TooSlowError:
        problem, trace = f"more than {seconds:g} s", traceback.format_exc()
    except BaseException as error:  # what else is raised is what is looked for
        if isinstance(error, KeyboardInterrupt):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "forgetbench/" in frame.filename] or [
            last
        ]
        place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
        problem, trace = f"{type(error).__name__} at {place}", traceback.format_exc()
    took, grown = time.process_time() - began, (_peak() - before) / 1024
    if not problem and took > seconds:
        problem = f"more than {seconds:g} s"
    if not problem and grown > mebibytes:
        problem = f"more than {mebibytes} MiB"
    return refused, problem, trace


def _peak() -> int:
    """Return the most memory that this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
