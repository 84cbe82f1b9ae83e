"""A seeded random split, for data that bring none of their own."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from forgetbench.suite.data_section import Split


def seeded_split(names: Sequence[str], split: Split) -> list[bool]:
    """Tell which of two images or more are evaluated on, by a hash of seed and name: the same on every machine.

    Args:
        names: The images' names; copies of one image have the first one's.
        split: Seed and share; at least one image goes to either side, unless all are copies of one.
    """
    count = min(max(1, round(split.evaluate * len(names))), len(names) - 1)
    copies = Counter(names)
    chosen: set[str] = set()
    held = 0
    for name in sorted(copies, key=lambda name: _digest(split.seed, name)):
        # The first goes over whatever it weighs; of the others those that leave no more than wanted.
        if held == 0 or held + copies[name] <= count:
            chosen.add(name)
            held += copies[name]
    return [name in chosen for name in names]


def _digest(seed: int, name: str) -> bytes:
    # File names that are not UTF-8 hold lone surrogates.
    return hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogatepass")).digest()
