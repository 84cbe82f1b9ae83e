"""What reads a format: the one form that every reader has, and finding the one of a name.

`forgetbench.suite.formats` lists the formats and where the reader of each is; what other packages bring is found there
as well. A reader is imported when its data are opened, or when a folder's format is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from forgetbench.data.reading.source import Source
from forgetbench.errors import InputError
from forgetbench.plugins import only_plugin
from forgetbench.suite.data_section import Data
from forgetbench.suite.formats import FORMATS, GROUP, find_format

#: Class names in order, or None.
Names = tuple[str, ...] | None


def _as_it_is(root: Path, _given: Path, names: Sequence[str] | None) -> dict[str, Any]:
    return {"path": str(root), "names": list(names) if names else None}


@dataclass(frozen=True)
class Reader:
    """What a format is recognised by, and what opens it.

    Attributes:
        sign: What a folder of this format holds, as errors say it.
        fits: Tells whether a dataset of this format begins in a folder (or is a file); called for folders of any
            format, so it looks at few files and raises nothing but OSError.
        open: Opens data; nothing is listed or read yet. It is given where the data are, their section (whose
            `options(…)` are the format's own keys), the class names that the section gives, and those to take where
            neither section nor data name any. It raises DataError where the data cannot be read so.
        describe: Returns what a new data section says beside the format, from where the data were found, what the user
            gave (that or a folder that wraps it) and the class names given, if any; needed only where that is more
            than path and names.
        opens_files: Whether the path may be a file as well.
        sureness: How sure its sign is beside those of other formats; errors name the surest first.
    """

    sign: str
    fits: Callable[[Path], bool]
    open: Callable[[Path, Data, Names, Names], Source]
    describe: Callable[[Path, Path, Sequence[str] | None], dict[str, Any]] = _as_it_is
    opens_files: bool = False
    sureness: int = 0


def reader_of(name: str) -> Reader:
    """Import the reader of a known format.

    Raises:
        InputError: it is another package's, and that cannot be used.
    """
    place = find_format(name).reader
    if place is None:
        raise InputError(f"{name} data are drawn, not read", where=name)
    module, _, attribute = place.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except Exception as error:
        if name in FORMATS:
            raise
        raise only_plugin(GROUP, name).unusable(f"{place}: {type(error).__name__}: {error}") from error
    if not isinstance(found, Reader):
        raise only_plugin(GROUP, name).unusable(f"{place} is no {Reader.__module__}.{Reader.__qualname__}")
    return found


def reader_package(name: str | None) -> str | None:
    """Return the package, with its version, that another package's format is read by; None for forgetbench's own."""
    return None if name is None or name in FORMATS else only_plugin(GROUP, name).distribution
