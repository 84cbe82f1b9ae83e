"""What suites call the parts of a model by; `model/parts.py` says which tensors each is."""

from __future__ import annotations

#: A module index, or text that `Parts.select` understands.
Selector = int | str

SELECTOR_WORDS = (
    "backbone", "neck", "head", "box", "class", "one-to-one", "one-to-many",
    "batchnorm", "batchnorm-affine", "batchnorm-statistics",
)  # fmt: skip
#: What errors say of a selector.
SELECTORS = (
    f"a module index, a range such as 10-15, one of {', '.join(SELECTOR_WORDS)}, or a pattern of tensor names such as "
    "'*.cv3.*'"
)
