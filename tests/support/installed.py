"""Packages as an installer leaves them: a module and its metadata in a folder that Python looks in."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def install(
    folder: Path,
    patch: pytest.MonkeyPatch,
    module: str,
    source: str,
    entries: Mapping[str, str],
    *,
    group: str = "forgetbench.readers",
    version: str = "1.2",
) -> None:
    """Install `<module>-reader`, whose only module registers entries in a group, until the test ends."""
    about = folder / f"{module}_reader-{version}.dist-info"
    about.mkdir(parents=True)
    (folder / f"{module}.py").write_text(source, "utf-8")
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}-reader\nVersion: {version}\n", "utf-8")
    lines = "".join(f"{name} = {value}\n" for name, value in entries.items())
    (about / "entry_points.txt").write_text(f"[{group}]\n{lines}", "utf-8")
    patch.syspath_prepend(folder)
    patch.delitem(sys.modules, module, raising=False)  # and what an earlier test left


def documented(page: str, beginning: str) -> str:
    """Return the block of code on a page of the docs that begins so."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", (REPOSITORY / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.startswith(beginning))
