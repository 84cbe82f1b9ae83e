"""Reading a checkpoint without a model: what it says of itself, and the hash of each module's tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forgetbench.errors import CorruptRunError
from forgetbench.stored import opened_tensors


@dataclass(frozen=True)
class BranchFile:
    """A checkpoint.

    Attributes:
        about: What it says of itself.
        modules: Hash of the tensors of each module in it, by index, as networks are named by.
    """

    about: dict[str, Any]
    modules: dict[int, str]


def read_branch(path: Path) -> BranchFile:
    """Read a checkpoint.

    Raises:
        CorruptRunError: the file is missing or is no checkpoint of forgetbench.
    """
    modules: dict[int, dict[str, NDArray[Any]]] = {}
    with opened_tensors(path, "np", "not a readable checkpoint") as (file, about):
        for name in file.keys():  # noqa: SIM118  (not a mapping)
            _, index, tensor = name.split(".", 2)
            modules.setdefault(int(index), {})[tensor] = file.get_tensor(name)
    if not isinstance(about, dict):
        raise CorruptRunError("not a checkpoint of forgetbench", where=path)
    return BranchFile(about, {index: hash_arrays(arrays) for index, arrays in modules.items()})


def hash_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return for arrays read from a checkpoint what `model.original.hash_tensors` gives for its tensors."""
    digest = hashlib.sha256()
    for key, value in sorted(arrays.items()):
        digest.update(f"{key} torch.{value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()
