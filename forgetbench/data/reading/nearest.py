"""Names that nearly match: what an annotation calls a file, and what the file is called.

Between the two lie Windows' backslashes, addresses' %-encoding, the two ways of Unicode to write an accent, case, and
suffixes that a tool added or changed. A near match is taken only where exactly one file fits.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import unquote

from forgetbench.data.reading.paths import IMAGE_SUFFIXES, UNREAD_SUFFIXES
from forgetbench.suite.bounds import LONGEST_PATH

_DRIVE = re.compile(r"^[A-Za-z]:(?=/)")
_ADDRESS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://[^/]*(?P<path>[^?#]*)")
#: How Label Studio writes the path of a file that it serves.
_SERVED = "/local-files/?d="
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.0+)?")
_ZEROS_BEFORE = re.compile(r"0+([0-9]{1,31})(\.0+)?")
_SUFFIXES = IMAGE_SUFFIXES | UNREAD_SUFFIXES | {".txt", ".xml", ".json"}


def slashed(name: str) -> str:
    """Return a path with forward slashes, without a drive, `.` and `..`."""
    kept: list[str] = []
    for part in _DRIVE.sub("", name.strip().replace("\\", "/")).split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    return "/".join(kept)


def plain_name(name: str) -> str:
    """Return the form in which names are compared: slashes, %-encoding, Unicode's form and case make no difference.

    Of an address on the web its path is left.
    """
    if _SERVED in name:
        name = name.partition(_SERVED)[2]
    elif address := _ADDRESS.match(name):
        name = address["path"]
    for _ in range(3):  # some tools encode what is encoded
        decoded = unquote(name)
        if decoded == name:
            break
        name = decoded
    return unicodedata.normalize("NFC", slashed(name)).casefold()


def plain_stem(name: str) -> str:
    """Return the plain name without any suffix of an image or annotation file, of which there may be several."""
    path = plain_name(name)
    while True:
        stem, dot, suffix = path.rpartition(".")
        if f"{dot}{suffix}" not in _SUFFIXES or not _last(stem):
            return path
        path = stem


def loose_stem(name: str) -> str:
    """Return the plain stem where `+` stands for a space, as in forms on the web, and `&amp;` for `&`, as in XML."""
    return plain_stem(html.unescape(name).replace("+", " "))


#: Forms of a name, the nearest first.
_FORMS = (plain_name, plain_stem, loose_stem)


class NearNames:
    """Finds the one of some names that another name nearly matches.

    Args:
        names: Names known, with or without folders, separated by forward slashes.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._by_form: list[dict[str, list[tuple[str, str]]]] = [defaultdict(list) for _ in _FORMS]
        for name in dict.fromkeys(names):
            for form, index in zip(_FORMS, self._by_form, strict=True):
                known = form(name)
                index[_last(known)].append((known, name))

    def __bool__(self) -> bool:
        """Tell whether any name is known."""
        return bool(self._by_form[0])

    def find(self, name: str) -> str | None:
        """Return the known name that a name nearly matches, or None where none fits or more than one.

        Of two paths the one may have fewer folders than the other, those it has have to agree. The nearer form decides:
        where one name fits but for its case, another that fits but for its suffix does not count.
        """
        if len(name) > LONGEST_PATH:
            return None
        for form, index in zip(_FORMS, self._by_form, strict=True):
            wanted = form(name)
            fitting = [(known, name) for known, name in index.get(_last(wanted), ()) if _agree(wanted, known)]
            if fitting:
                fitting = [(known, name) for known, name in fitting if known == wanted] or fitting
                return fitting[0][1] if len(fitting) == 1 else None
        return None


def nearly_named(images: int, given: str) -> str:
    """Return what is told of images that were found by a name that only nearly matches.

    Args:
        images: How many they are.
        given: What the annotations call the first.
    """
    few, such = ("1 image is", "") if images == 1 else (f"{images} images are", "such as ")
    said = f"{few} called otherwise in the annotations than on disk, {such}'{given}'"
    return f"{said}: the one file that nearly fits is taken"


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


class NearIds:
    """Finds the one of some ids that another id nearly matches: they are one number, written with zeros before it.

    Args:
        ids: Ids known, as `plain_id` gives them.
    """

    def __init__(self, ids: Iterable[int | str]) -> None:
        self._by_number: dict[int | str, list[int | str]] = defaultdict(list)
        for known in dict.fromkeys(ids):
            self._by_number[_number(known)].append(known)

    def find(self, value: int | str) -> int | str | None:
        """Return the known id that an id nearly matches, or None where none fits or more than one."""
        fitting = self._by_number.get(_number(value), ())
        return fitting[0] if len(fitting) == 1 else None


def _number(value: int | str) -> int | str:
    found = _ZEROS_BEFORE.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) if found else value


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _agree(one: str, other: str) -> bool:
    """Tell whether one of two paths is the other's end."""
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")
