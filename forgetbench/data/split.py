"""A seeded random split, for data that bring none of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from forgetbench.suite.data_section import Split


def seeded_split(names: Sequence[str], split: Split) -> list[bool]:
    """Tell which of two images or more are evaluated on, by a hash of seed and name: the same on every machine.

    Args:
        names: The images' names, sorted.
        split: Seed and share; at least one image goes to either side.
    """
    count = min(max(1, round(split.evaluate * len(names))), len(names) - 1)
    chosen = set(sorted(range(len(names)), key=lambda index: _digest(split.seed, names[index]))[:count])
    return [index in chosen for index in range(len(names))]


def _digest(seed: int, name: str) -> bytes:
    # File names that are not UTF-8 hold lone surrogates.
    return hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogatepass")).digest()
