"""A run as one part of a verification sees it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from forgetbench.progress import Progress, Silent
from forgetbench.proof.verify import open_subject
from forgetbench.proof.verify.findings import CheckResult, SealedRun

Check = Callable[[SealedRun, CheckResult, Progress], None]


def checked(check: Check, run: Path, changes: Mapping[str, Any] | None = None) -> CheckResult:
    """Check one part of a run, whose manifest is taken to hold `changes`."""
    subject = open_subject(run)
    if changes:
        manifest: Any = {**subject.manifest, **changes}
        subject = replace(subject, manifest=manifest)
    part = CheckResult("part")
    check(subject, part, Silent())
    return part


def said(part: CheckResult) -> list[str]:
    """Return what was found, as text."""
    return list(map(str, part.findings))
