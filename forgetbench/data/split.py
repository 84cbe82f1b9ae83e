"""A seeded random split, for data that bring none of their own."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from forgetbench.suite.data_section import Split


def seeded_split(names: Sequence[str], split: Split, first_copies: Sequence[str] | None = None) -> list[bool]:
    """Tell which of two images or more are evaluated on, by a hash of seed and name: the same on every machine.

    Args:
        names: The images' names, sorted.
        split: Seed and share; at least one image goes to either side.
        first_copies: Of each image the name of the first that is the same as it. Copies go to one side together, else
            images evaluated on would be trained on; more copies than are to be evaluated on cannot.
    """
    count = min(max(1, round(split.evaluate * len(names))), len(names) - 1)
    copies = Counter(first_copies or names)
    keys = [name if copies[first] > count else first for name, first in zip(names, first_copies or names, strict=True)]
    sizes = Counter(keys)
    chosen: set[str] = set()
    held = 0
    for key in sorted(sizes, key=lambda key: _digest(split.seed, key)):
        if held + sizes[key] <= count:
            chosen.add(key)
            held += sizes[key]
    return [key in chosen for key in keys]


def _digest(seed: int, name: str) -> bytes:
    # File names that are not UTF-8 hold lone surrogates.
    return hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogatepass")).digest()
