"""Reading the safetensors that runs keep: tensors beside a description, which may have been changed by anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from forgetbench.errors import CorruptRunError, shortened
from forgetbench.files import check_regular

#: What reading a damaged or made-up file leads to, and what building something of its content does.
_DAMAGE = (
    SafetensorError, OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip


@contextmanager
def opened_tensors(path: Path, framework: Literal["pt", "np"], called: str) -> Iterator[tuple[Any, Any]]:
    """Open a file; yield what gives its tensors, and the description in its metadata.

    Args:
        path: The file.
        framework: Whose tensors are wanted.
        called: What errors call it, such as `not a readable checkpoint`.

    Raises:
        CorruptRunError: the file is missing, damaged or without a description, or what the block makes of it fails.
    """
    try:
        check_regular(path)
        with safe_open(path, framework=framework) as file:
            yield file, json.loads((file.metadata() or {})["forgetbench"])
    except _DAMAGE as error:
        found = shortened(" ".join(str(error).split()), 200) or type(error).__name__
        raise CorruptRunError(called, where=path, found=found) from error


def check_columns(
    columns: Mapping[str, NDArray[Any]], kinds: Mapping[str, type], shapes: Mapping[str, tuple[int, ...]]
) -> None:
    """Check that columns are what they were written as.

    Args:
        columns: What a file holds, by name.
        kinds: The type of each column's values.
        shapes: The shape of each column.

    Raises:
        TypeError: one is of another type or shape.
    """
    for name, kind in kinds.items():
        column = columns[name]
        if column.dtype != kind or column.shape != shapes[name]:
            raise TypeError(f"'{name}' is of type {column.dtype} and shape {column.shape}")
