"""A COCO file's list of categories, found without parsing the file: a training set's has hundreds of megabytes.

The list is taken only where it is certain to be the document's own: the only one of its key, and at the top level,
which the shorter of the two spans before and behind it shows.
"""

from __future__ import annotations

import codecs
import json
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from forgetbench.files import open_regular

#: Bytes of the largest instances file; Objects365's training set has five and a half thousand million.
MOST_JSON_BYTES = 8 << 30
_KEY = re.compile(rb'"categories"\s*:\s*')
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
#: Bytes that a list of categories may have, and that are looked through to see at which level it stands.
MOST = 4_000_000
_DEPTH = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


@contextmanager
def mapped_json(path: Path) -> Iterator[mmap.mmap]:
    """Map a JSON file into memory: nothing of it is read until it is looked at.

    Raises:
        ValueError: it is empty, too large, or begins like no JSON object.
        OSError: it cannot be read, or is no file.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > MOST_JSON_BYTES:
            raise ValueError("larger than any instances file")
        if not file.read(4096).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
            raise ValueError("no JSON object")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content


def scan_categories(path: Path) -> list[Any] | None:
    """Return the list of categories of an instances file, or None where only parsing all of it can tell."""
    try:
        with mapped_json(path) as content:
            found = list(islice(_KEY.finditer(content), 2))
            return _list_at(content, found[0].start(), found[0].end()) if len(found) == 1 else None
    except (OSError, ValueError, RecursionError):  # ValueError: no JSON here, not UTF-8, or an empty file
        return None


def _list_at(content: mmap.mmap, key: int, start: int) -> list[Any] | None:
    text = codecs.getincrementaldecoder("utf-8")().decode(content[start : start + MOST])
    listed, characters = json.JSONDecoder().raw_decode(text)
    end = start + len(text[:characters].encode("utf-8"))
    if not isinstance(listed, list) or not listed:
        return None
    before, behind = key, len(content) - end
    if min(before, behind) > MOST:
        return None
    if before <= behind:
        return listed if _opened(content[:before]) == 1 else None
    return listed if _opened(content[end:]) == -1 else None


def _opened(text: bytes) -> int:
    """Return how many brackets more are opened than closed; strings do not count."""
    return sum(_DEPTH.get(token, 0) for token in _TOKEN.findall(text))
