"""Packages that offer something to forgetbench, as an installer leaves them in a folder of `sys.path`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def install(folder: Path, name: str, version: str, offers: Mapping[str, str], source: str) -> None:
    """Write a distribution with one module.

    Args:
        folder: What is on `sys.path`.
        name: The distribution's name; its module is called the same, with underscores.
        version: Its version.
        offers: Strategies by name, each as the class in the module.
        source: The module.
    """
    module = name.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    about = folder / f"{module}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    lines = "".join(f"{offered} = {module}:{kind}\n" for offered, kind in offers.items())
    (about / "entry_points.txt").write_text(f"[forgetbench.strategies]\n{lines}", encoding="utf-8")
