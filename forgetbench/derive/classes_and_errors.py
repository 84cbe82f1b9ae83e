"""Tables of what was forgotten and learnt: every arm's last checkpoint compared with its baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forgetbench.analyse.breakdown import class_changes, measure_changes
from forgetbench.derive.source import Source
from forgetbench.evaluate.profile import Profile
from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow


def class_rows(source: Source) -> Iterator[ClassChangeRow]:
    """Yield changes by class and super-category.

    Raises:
        CorruptRunError: a file that they rest on is missing or unreadable.
    """
    data, models, profiles = source.manifest["data"], source.manifest["models"], _profiles(source)
    for one in source.pairings:
        others = data["target"]["classes"] if one.role == "reference" else models[one.model]["classes"]
        yield from class_changes(one, profiles, others)


def measure_rows(source: Source) -> Iterator[MeasureChangeRow]:
    """Yield changes by size, naming and kind of error.

    Raises:
        CorruptRunError: a file that they rest on is missing or unreadable.
    """
    profiles = _profiles(source)
    for one in source.pairings:
        yield from measure_changes(one, profiles)


def _profiles(source: Source) -> Mapping[str, Profile]:
    """Return the profiles of all networks compared, by name of their files."""
    files = list(dict.fromkeys(file for one in source.pairings for pair in one.files.values() for file in pair))
    found: dict[str, Profile] = {}
    with source.progress.task("comparing classes and errors", len(files), "network") as advance:
        for file in files:
            found[file] = source.networks.profile(file)
            advance(len(found), "")
    return found
