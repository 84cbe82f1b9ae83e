"""Jobs that are done in a moment, in whatever process: each writes, fails or waits."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from forgetbench.errors import DivergedError
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest
from forgetbench.sweep.executor import Site
from forgetbench.sweep.provenance import environment

CPU = torch.device("cpu")


class UnsendableError(Exception):
    """An error that cannot be made again elsewhere."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")
        self.kept = lambda: one


@dataclass(frozen=True)
class SmallJob:
    """A job that does what it is called.

    Attributes:
        does: What.
        after: The jobs that have to be done before.
    """

    does: str
    after: Sequence[str] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return f"job {self.does}"

    @property
    def place(self) -> str:
        """Its folder's name."""
        return f"job-{self.does}"

    @property
    def reads(self) -> Sequence[str]:
        """The places of the jobs that it names."""
        return [name.replace(" ", "-") for name in self.after]

    def do(self, site: Site) -> None:
        """Do it."""
        getattr(self, self.does)(site)

    def write(self, site: Site) -> None:
        """Write a finished file, and tell of it."""
        site.progress.message(f"began beside {site.beside}")
        with site.progress.task("counting", 3, "number") as advance:
            for number in range(1, 4):
                advance(number, f"at {number}")
        path = site.folder.path / "written.csv"
        path.write_text(f"{os.getpid()}", encoding="utf-8")
        site.folder.journal.add(path)

    def half(self, site: Site) -> None:
        """Finish one file, and wait to be ended before the other; where the first is there, finish the other."""
        first, second = site.folder.path / "first.json", site.folder.path / "second.json"
        if not site.folder.journal.holds(first):
            first.write_text("1", encoding="utf-8")
            site.folder.journal.add(first)
            site.progress.message("half done")
            time.sleep(600)
        second.write_text("2", encoding="utf-8")
        site.folder.journal.add(second)

    def hoard(self, site: Site) -> None:
        """Take more memory than there is allowed to be, and wait."""
        taken = bytearray(200 << 20)
        time.sleep(600)
        del taken

    def fail(self, site: Site) -> None:
        """Fail as our own code does."""
        raise DivergedError("no finite loss\x1b[31m", where=site.folder.path, found=[1] * 99, further=["é\n", "more"])

    def fail_oddly(self, site: Site) -> None:
        """Fail as other code does."""
        getattr(site.plan, self.name)()

    def fail_unsendably(self, site: Site) -> None:
        """Fail with what another process cannot be told."""
        raise UnsendableError("one", "two")

    def chatter(self, site: Site) -> None:
        """Print as libraries do, and more than a pipe holds."""
        sys.stdout.write('{"answer": "00"}\n{"message": "not a message", "level": "info"}\n')
        sys.stdout.flush()
        os.write(1, b"\xff\xfe without an end")
        os.system("echo from a process of its own")
        sys.stdout.write("x" * 300_000)
        self.write(site)

    def interrupted(self, site: Site) -> None:
        """Be interrupted from the keyboard, as all processes of a terminal are."""
        os.kill(os.getpid(), signal.SIGINT)
        self.write(site)

    def wait(self, site: Site) -> None:
        """Wait for ever, or for as long as somebody says."""
        site.progress.message("waits")
        while not (site.folder.path / "go on").exists():
            time.sleep(0.05)

    def exit(self, site: Site) -> None:
        """End the process, with a last word."""
        sys.stderr.write("terminate called after throwing an instance of 'std::bad_alloc'\n")
        os._exit(3)


def begun_run(path: Path, **changes: Any) -> RunFolder:
    """Return the folder of a run that began in this environment, changed."""
    path.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(path)
    folder.journal.begin()
    about: Any = {"environment": environment(CPU) | changes}
    manifest: Manifest = about
    folder.write_manifest(manifest)
    return RunFolder(path)
