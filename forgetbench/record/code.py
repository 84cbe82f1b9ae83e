"""Which forgetbench this is."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from forgetbench.version import __version__


def code_version() -> dict[str, Any]:
    """Return version and commit, and whether the source tree has changes; None where it is no checkout."""
    status = _git("status", "--porcelain")
    return {
        "forgetbench": __version__,
        "commit": _git("rev-parse", "HEAD"),
        "dirty": None if status is None else bool(status),
    }


def _git(*arguments: str) -> str | None:
    """Ask git about the source tree; None when forgetbench is installed rather than run from a checkout."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
