"""The version of the run format, and what is said of a run of another one.

It covers what files of a run folder mean: their names and places, the keys of the manifest and of other records, the
columns of tables, tensors and the words beside them, seal and journal, and the states to resume from. It is raised
whenever one of these changes its meaning. What is only added (a table, a column, a key) raises nothing: readers do
without it in runs that lack it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forgetbench.errors import InputError, shortened
from forgetbench.version import __version__

#: The format that runs are written in, and the only one that is read.
FORMAT = 4
#: A number that is larger is no version.
_MOST = 1_000_000


def refuse_other_format(manifest: Mapping[str, Any], folder: Path) -> None:
    """Refuse a run of another format, and say which forgetbench reads it.

    Args:
        manifest: What its manifest says; nothing of it is taken for granted.
        folder: The run.

    Raises:
        InputError: it is of another format.
    """
    found = manifest.get("format")
    number = found if type(found) is int and 0 <= found <= _MOST else None
    if number == FORMAT:
        return
    maker = _maker(manifest)
    if number is not None and number > FORMAT:
        fix = f"Use {maker}, or a newer one." if maker else "Use a newer forgetbench."
    else:
        fix = f"Use {maker or 'the forgetbench that made it'}, or run its suite again."
    raise InputError(
        "a run of another version",
        where=folder,
        expected=f"format {FORMAT}, which forgetbench {__version__} reads",
        found="no format" if number is None else f"format {number}",
        fix=fix,
    )


def _maker(manifest: Mapping[str, Any]) -> str | None:
    """Return which forgetbench a manifest says wrote it: version and commit, since commits may share a version."""
    environment = manifest.get("environment")
    if not isinstance(environment, dict) or not isinstance(version := environment.get("forgetbench"), str):
        return None
    commit = environment.get("commit")
    named = f"forgetbench {shortened(version, 40)}"
    return f"{named} (commit {commit[:12]})" if isinstance(commit, str) else named
