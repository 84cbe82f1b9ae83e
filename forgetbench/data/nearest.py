"""Names that nearly match: what an annotation calls a file, and what the file is called.

Between the two lie Windows' backslashes, addresses' %-encoding, the two ways of Unicode to write an accent, case, and
suffixes that a tool added or changed. A near match is taken only where exactly one file fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote

from forgetbench.data.paths import IMAGE_SUFFIXES, UNREAD_SUFFIXES

_DRIVE = re.compile(r"^[A-Za-z]:(?=/)")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.0+)?")
_SUFFIXES = IMAGE_SUFFIXES | UNREAD_SUFFIXES | {".txt", ".xml", ".json"}


def slashed(name: str) -> str:
    """Return a path with forward slashes, without a drive, `.` and `..`."""
    plain = _DRIVE.sub("", name.strip().replace("\\", "/"))
    return "/".join(part for part in plain.split("/") if part not in ("", ".", ".."))


def plain_name(name: str) -> str:
    """Return the form in which names are compared: slashes, %-encoding, Unicode's form and case make no difference."""
    for _ in range(3):  # some tools encode what is encoded
        decoded = unquote(name)
        if decoded == name:
            break
        name = decoded
    return unicodedata.normalize("NFC", slashed(name)).casefold()


def plain_stem(name: str) -> str:
    """Return the plain name without any suffix of an image or annotation file, of which there may be several."""
    path = PurePosixPath(plain_name(name))
    while path.suffix in _SUFFIXES and path.stem:
        path = path.with_suffix("")
    return str(path)


class NearNames:
    """Finds the one of some names that another name nearly matches.

    Args:
        names: Names known, with or without folders, separated by forward slashes.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._by_form: list[dict[str, list[str]]] = [defaultdict(list), defaultdict(list)]
        for name in dict.fromkeys(names):
            for form, index in zip((plain_name, plain_stem), self._by_form, strict=True):
                index[_last(form(name))].append(name)

    def find(self, name: str) -> str | None:
        """Return the known name that a name nearly matches, or None where none fits or more than one.

        Of two paths the one may have fewer folders than the other, those it has have to agree. The nearer form decides:
        where one name fits but for its case, another that fits but for its suffix does not count.
        """
        for form, index in zip((plain_name, plain_stem), self._by_form, strict=True):
            wanted = form(name)
            fitting = [known for known in index.get(_last(wanted), ()) if _agree(wanted, form(known))]
            if fitting:
                same = [known for known in fitting if form(known) == wanted]
                fitting = same or fitting
                return fitting[0] if len(fitting) == 1 else None
        return None


def plain_id(value: object) -> int | str | None:
    """Return an id as data from several tools agree on it: 1, 1.0, '1' and '1.0' are one; None for what is no id."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else text or None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _agree(one: str, other: str) -> bool:
    """Tell whether one of two paths is the other's end."""
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")
