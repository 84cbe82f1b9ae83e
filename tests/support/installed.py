"""Packages as an installer leaves them: a module and its metadata in a folder that Python looks in."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.layouts import write_image

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
    blocks: list[str] = re.findall(
        r"^```\w*\n(.*?)^```$", (REPOSITORY / page).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return next(block for block in blocks if block.startswith(beginning))


#: The package that docs/data.md shows, and what it registers.
BOXLIST = documented("docs/data.md", "from pathlib import Path\nfrom typing import Literal\n\nfrom pydantic")
ENTRIES = {"boxlist": "boxlist:FORMAT"}


def install_boxlist(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Install the package that docs/data.md shows, until the test ends."""
    install(folder, patch, "boxlist", BOXLIST, ENTRIES)


def write_boxlist(folder: Path, separator: str = ",") -> Path:
    """Write two images of 100 x 50 pixels to train on and one to evaluate on, in that package's format."""
    for name in ("a.png", "b.png", "c.png"):
        write_image(folder / name, 100, 50)
    trained = ["a.png,dog,10,5,30,25", "b.png,cat,0,0,50,50", "b.png,dog,one"]
    for split, rows in {"train": trained, "val": ["c.png,cat,20,10,40,30"]}.items():
        text = "".join(f"{row}\n" for row in rows).replace(",", separator)
        (folder / f"{split}.boxes").write_text(text, "utf-8")
    return folder
