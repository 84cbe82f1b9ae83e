"""What is taken from a run is what its seal holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from forgetbench.errors import CorruptRunError
from forgetbench.proof.verify.findings import SealedRun
from forgetbench.record.journal import problem_with


def require_unchanged(subject: SealedRun, paths: Iterable[Path]) -> None:
    """Check that files of a run are those of its seal.

    Raises:
        CorruptRunError: one is missing or has changed since the run was finished.
    """
    for path in paths:
        name = path.relative_to(subject.folder.path).as_posix()
        problem = problem_with(subject.folder.path, name, subject.sealed.get(name, ""))
        if problem is not None:
            raise CorruptRunError(problem, where=path, fix="`forgetbench verify` lists all that is wrong.")


def require_unchanged_tables(subject: SealedRun, names: Iterable[str]) -> None:
    """Check that a run's manifest and tables are those of its seal.

    Raises:
        CorruptRunError: one is missing or has changed since the run was finished.
    """
    require_unchanged(subject, [subject.folder.path / name for name in ("manifest.json", *names)])
