"""What a verification looks at and what it finds."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from forgetbench.errors import CorruptRunError, brief
from forgetbench.proof.verify.branchfile import BranchFile, read_branch
from forgetbench.record.due import checkpoint_epochs
from forgetbench.record.folder import RunFolder
from forgetbench.record.manifest import Manifest


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and where."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


@dataclass
class CheckResult:
    """What one check of a verification found.

    Attributes:
        name: What it is about.
        checked: What was checked, with counts.
        findings: What is wrong.
        notes: What could not be checked, and why.
        halts: Whether the run's other files may not be opened after what was found.
    """

    name: str
    checked: str = ""
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    halts: bool = False

    def find(self, where: str, problem: str) -> None:
        """Record something wrong."""
        self.findings.append(Finding(where, problem))

    def expect(self, where: str, found: Any, expected: Any) -> bool:
        """Record a finding unless a value is the expected one; return whether it is."""
        if found != expected:
            self.find(where, f"found {_shown(found)}, expected {_shown(expected)}")
        return bool(found == expected)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 80 and value.isprintable() and value else brief(value)


@dataclass(frozen=True)
class SealedRun:
    """A finished run that is verified.

    Attributes:
        folder: Where it lies.
        manifest: Its manifest.
        sealed: Hash by name of every file, as its seal says.
    """

    folder: RunFolder
    manifest: Manifest
    sealed: dict[str, str]

    @cached_property
    def without_checkpoints(self) -> bool:
        """Whether all checkpoints that the seal names were left out, as `pack --without-checkpoints` does."""
        named = any(name.startswith("checkpoints/") for name in self.sealed)
        return named and not os.path.lexists(self.folder.path / "checkpoints")

    @cached_property
    def checkpoints(self) -> dict[str, list[int]]:
        """Epochs of the checkpoints that each arm must have, according to the suite and to how its training ended."""
        suite = self.manifest["suite"]
        every, epochs = suite["evaluation"]["every"], suite["train"]["epochs"]
        return {
            arm["arm"]: checkpoint_epochs(min(arm["epochs"], epochs), every, epochs, diverged=arm["diverged"])
            for arm in self.manifest["arms"]
        }

    @cache  # noqa: B019  (a subject lives as long as its verification)
    def branch(self, arm: str, epoch: int) -> BranchFile | None:
        """Return a checkpoint's description and hashes, None if it is left out or not readable."""
        try:
            return read_branch(self.folder.checkpoint(arm, epoch))
        except CorruptRunError:
            return None

    def __hash__(self) -> int:
        return id(self)
