"""A journal whose process is killed between any two of its steps: what is left reads as if nothing had happened.

`python -m support.killed_journal ACTION FOLDER` prints, for each step that a kill came before, the finished files then
and the seal that the same action ends in when it is done again. It imports no PyTorch, so that it can fork.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from typing import Any

from forgetbench.files import sha256_file, write_json
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import doing, mark_done
from forgetbench.record.journal import Journal
from forgetbench.record.seal import SEAL, files_in, read_seal

_STEPS = ("replace", "unlink", "fsync", "rmdir")
#: Files that `made` leaves finished, and what is in them.
FINISHED = {"again.csv": "second", "kept.csv": "kept", "new/first.csv": "1", "other.csv": "2"}


def made(run: Path) -> Path:
    """Make a run of which two jobs have finished something; one was killed while it added a line."""
    run.mkdir(parents=True)
    folder = RunFolder(run)
    folder.journal.begin()
    for name, content in (("again.csv", "first"), ("kept.csv", "kept"), ("gone.csv", "gone")):
        _finish(folder.journal, run / name, content)
    with doing(run, "one"):
        journal = Journal(run, job="one")
        journal.begin_job()
        journal.drop([run / "gone.csv"])
        _finish(journal, run / "again.csv", "second")
        _finish(journal, run / "new" / "first.csv", "1")
        write_json(run / "jobs" / "one" / "unfinished" / "0", [])
        mark_done(run, "one", {})
    with doing(run, "two"):
        journal = Journal(run, job="two")
        journal.begin_job()
        _finish(journal, run / "other.csv", "2")
        (run / "cut.csv").write_text("cut", encoding="utf-8")
        with (run / "jobs" / "two" / "journal").open("a", encoding="utf-8") as file:
            file.write(f"{sha256_file(run / 'cut.csv')}  cut.cs")
    (run / ".other.csv.x.part").touch()
    return run


def _finish(journal: Journal, path: Path, content: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    journal.add(path)


def begin(run: Path) -> None:
    """Take over what jobs have finished."""
    Journal(run).begin()


def seal(run: Path) -> None:
    """Take over what jobs have finished, and seal it."""
    journal = Journal(run)
    journal.begin()
    assert journal.all_hold([run / name for name in FINISHED])
    journal.seal()


def finished(run: Path) -> dict[str, str]:
    """Return the files that count as finished and are unchanged, with their content."""
    journal = Journal(run)
    return {
        path.relative_to(run).as_posix(): path.read_text("utf-8")
        for path in sorted(journal.within(run))
        if journal.holds(path)
    }


def main() -> None:
    """Kill an action before each of its steps, each time on a new run."""
    action: Callable[[Path], None] = {"begin": begin, "seal": seal}[sys.argv[1]]
    found = []
    for step in range(1, 1000):
        run = made(Path(sys.argv[2]) / str(step))
        steps = RawValue("i", 0)
        process = get_context("fork").Process(target=_killed, args=(action, run, step, steps))
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        left = {"step": step, "sealed": (run / SEAL).exists(), "finished": finished(run)}
        if not left["sealed"]:
            seal(run)
        found.append({**left, "seal": read_seal(run), "files": files_in(run)})
    sys.stdout.write(json.dumps(found))


def _killed(action: Callable[[Path], None], run: Path, step: int, steps: Any) -> None:
    for name in _STEPS:
        setattr(os, name, _counted(getattr(os, name), step, steps))
    action(run)


def _counted(function: Callable[..., Any], step: int, steps: Any) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        steps.value += 1
        if steps.value == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call


if __name__ == "__main__":
    main()
