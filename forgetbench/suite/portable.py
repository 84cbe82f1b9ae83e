"""A suite as a run keeps it: complete, and without a path that means something on one machine alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from forgetbench.suite.data_section import Data
from forgetbench.suite.schema import Suite

#: Keys of a suite that decide no number.
WORDS = ("description", "claims", "cam", "keep")


def portable_suite(suite: Suite) -> dict[str, Any]:
    """Return a suite as a mapping that can be read back, every default filled in.

    Of absolute paths only the last name stays. Data sections keep what they were given and no defaults, since what they
    say goes before what their card says.
    """
    content: dict[str, Any] = suite.model_dump(mode="json")
    for role in ("target", "reference"):
        section: Data = getattr(suite, role)
        content[role] = section.model_dump(mode="json", exclude_unset=True)
        for key in section.path_keys:
            if content[role].get(key):
                content[role][key] = portable_path(content[role][key])
    content["models"] = [portable_path(name) for name in content["models"]]
    for claim in content["claims"]:
        claim["models"] = claim["models"] and [portable_path(name) for name in claim["models"]]
    if content["keep"] is None:  # runs of earlier versions know nothing of it
        del content["keep"]
    return content


def deciding(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a portable suite that decides numbers; where data lie does not, nor where weights do."""
    kept = {key: value for key, value in content.items() if key not in WORDS}
    kept["models"] = [PurePosixPath(name).name for name in content["models"]]
    for role in ("target", "reference"):
        kept[role] = {key: value for key, value in content[role].items() if key != "path"}
    return kept


def portable_path(path: str) -> str:
    """Return a relative path as it is, and of one that is absolute or in a home folder the last name."""
    for kind in (PurePosixPath, PureWindowsPath):
        if kind(path).is_absolute() or path.startswith("~"):
            return kind(path).name
    return path
