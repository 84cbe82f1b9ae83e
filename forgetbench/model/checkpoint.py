"""Checkpoints: what a branch owns, and nothing else, in a file that holds only tensors and text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from forgetbench.errors import CorruptRunError
from forgetbench.files import check_regular, write_bytes
from forgetbench.model.original import as_stored


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint says of itself.

    Attributes:
        arm: Name of the arm.
        epoch: Completed epochs.
        freeze_point: Index of the first module in the file.
        original: Hash of the original's tensors; the frozen modules are taken from there.
        classes: Target class names, in the order of the task head's outputs.
    """

    arm: str
    epoch: int
    freeze_point: int
    original: str
    classes: tuple[str, ...]


def save_checkpoint(path: Path, info: CheckpointInfo, tensors: Mapping[str, Tensor]) -> None:
    """Write a branch's own tensors as float16 safetensors."""
    content = {key: value.contiguous() for key, value in as_stored(tensors).items()}
    write_bytes(path, save(content, {"forgetbench": json.dumps(asdict(info), sort_keys=True)}))


def load_checkpoint(path: Path) -> tuple[CheckpointInfo, dict[str, Tensor]]:
    """Read a checkpoint.

    Raises:
        CorruptRunError: the file is missing or is no checkpoint of forgetbench.
    """
    try:
        check_regular(path)
        with safe_open(path, framework="pt") as file:
            recorded = json.loads((file.metadata() or {})["forgetbench"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (not a mapping)
        info = CheckpointInfo(**{**recorded, "classes": tuple(recorded["classes"])})
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise CorruptRunError("not a readable checkpoint", where=path, found=str(error).splitlines()[0]) from error
    return info, tensors
