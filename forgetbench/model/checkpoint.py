"""Checkpoints: what a branch owns, and nothing else, in a file that holds only tensors and text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from forgetbench.files import write_bytes
from forgetbench.model.original import as_stored
from forgetbench.stored import opened_tensors


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
    with opened_tensors(path, "pt", "not a readable checkpoint") as (file, recorded):
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (not a mapping)
        info = CheckpointInfo(**{**recorded, "classes": tuple(recorded["classes"])})
        texts = all(isinstance(text, str) for text in (info.arm, info.original, *info.classes))
        if not texts or type(info.epoch) is not int or type(info.freeze_point) is not int:
            raise TypeError("its description holds values of other types")
    return info, tensors
