"""A run as one part of a verification sees it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from forgetbench.progress import Progress, Silent
from forgetbench.proof.verify import open_subject
from forgetbench.proof.verify.findings import Part, Subject

Check = Callable[[Subject, Part, Progress], None]


def checked(check: Check, run: Path, changes: Mapping[str, Any] | None = None) -> Part:
    """Check one part of a run, whose manifest is taken to hold `changes`."""
    subject = open_subject(run)
    if changes:
        manifest: Any = {**subject.manifest, **changes}
        subject = replace(subject, manifest=manifest)
    part = Part("part")
    check(subject, part, Silent())
    return part


def said(part: Part) -> list[str]:
    """Return what was found, as text."""
    return list(map(str, part.findings))
