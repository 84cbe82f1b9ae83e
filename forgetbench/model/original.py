"""The original: the pretrained model every branch grows from and every score is compared to."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from forgetbench.errors import InputError, WeightsError, brief
from forgetbench.files import check_regular, write_bytes
from forgetbench.model import yolo
from forgetbench.model.architecture import check_channels, checked
from forgetbench.model.file_kinds import USE_DETECTION
from forgetbench.model.fitting import check_modules, check_names, check_shapes, check_values
from forgetbench.model.head_classes import head_class_names
from forgetbench.model.pickles import Inert, load_inert, tensors_of, unwrapped
from forgetbench.model.recognise_weights import (
    combined_of_two,
    fused,
    not_a_detector,
    not_a_file,
    not_safetensors,
    tensors_alone,
)

#: The classes a checkpoint's model may have been saved as.
DETECTION_MODELS = {"DetectionModel", "YOLOv10DetectionModel"}


@dataclass(frozen=True)
class Original:
    """A pretrained detection model, frozen, in eval mode, float32 with values that float16 can hold.

    Attributes:
        name: What the suite calls it, without folder and suffix.
        model: The Ultralytics model; its parameters never require gradients.
        classes: Class names in the order of the head's outputs.
        architecture: What the model is built from.
        path: The file that it was opened from, None where there is none.
    """

    name: str
    model: yolo.Yolo
    classes: tuple[str, ...]
    architecture: yolo.Architecture
    path: Path | None = None

    @property
    def modules(self) -> list[nn.Module]:
        """The modules in order, the detection head last."""
        return yolo.modules_of(self.model)

    @property
    def head(self) -> int:
        """Index of the detection head, H."""
        return len(self.modules) - 1

    @property
    def neck(self) -> int:
        """Index of the first module after the backbone."""
        return yolo.neck_index(self.model)

    def weights_hash(self) -> str:
        """Return a SHA-256 over names, shapes and values of all tensors; the file they came in does not matter."""
        return self._weights_hash

    @cached_property
    def _weights_hash(self) -> str:
        return hash_tensors(self.model.state_dict())

    @cached_property
    def module_hashes(self) -> list[str]:
        """The hash of each module's tensors, by index; its weights never change."""
        return [hash_tensors(module.state_dict()) for module in self.modules]


def load_original(path: Path) -> Original:
    """Open weights (`.pt` or `.safetensors`) without executing anything in them.

    Raises:
        WeightsError: the file is missing, refused, or not a detection model.
    """
    if not path.is_file():
        raise not_a_file(path)
    try:
        if path.suffix.lower() == ".safetensors":
            return replace(make_original(path.stem, *_read_safetensors(path), where=path), path=path.absolute())
        return replace(_read_pickle(path), path=path.absolute())
    except InputError:
        raise
    except Exception as error:  # a damaged or made-up file leads the libraries that read it to errors of every kind
        first = str(error).partition("\n")[0]
        raise WeightsError(
            "cannot be read as detection weights",
            where=path,
            found=brief(f"{type(error).__name__}: {first}"),
            fix="The file may be damaged: get it again.",
        ) from error


def make_original(
    name: str, architecture: yolo.Architecture, classes: Sequence[str], tensors: Mapping[str, Tensor], where: object
) -> Original:
    """Build the architecture and fill it with tensors, rounded to float16 as checkpoints are.

    Raises:
        WeightsError: names, types or shapes disagree, or a value is not finite in float16.
    """
    architecture = checked(architecture, where, len(tensors))
    if any(".conv." in key for key in tensors) and not any(".bn." in key for key in tensors):
        raise fused(where)
    first = next((tensors[key] for key in ("model.0.conv.weight", "model.0.weight") if key in tensors), None)
    if first is not None and first.dim() == 4:
        check_channels(first.shape[1], where)
    expected = yolo.sketch(architecture, len(classes), where).state_dict()
    check_values(tensors, where)
    check_names(expected, tensors, where)
    wider = {key for key, tensor in tensors.items() if tensor.shape != expected[key].shape}
    if all(map(yolo.is_of_class_stack, wider)) and wider:
        model = yolo.build_fine_tuned(architecture, classes, where=where)
        expected = model.state_dict()
        check_shapes(expected, tensors, where)
    else:
        check_shapes(expected, tensors, where)
        model = yolo.build(architecture, len(classes), seed=0, where=where)
    rounded = as_stored(tensors)
    for key, tensor in rounded.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            fix = "Training may have diverged: use an earlier checkpoint."
            raise WeightsError("a value is not finite in float16", where=f"{where}: {key}", fix=fix)
    model.load_state_dict(rounded)
    model.names = dict(enumerate(classes))
    model.eval().requires_grad_(False)
    return Original(name, model, tuple(classes), copy.deepcopy(architecture))


def save_original(original: Original, path: Path, extra: Mapping[str, str] | None = None) -> None:
    """Write an original as float16 safetensors with its architecture and class names."""
    tensors = {key: value.contiguous() for key, value in as_stored(original.model.state_dict()).items()}
    metadata = {
        "architecture": json.dumps(original.architecture, sort_keys=True),
        "classes": json.dumps(original.classes),
        **(extra or {}),
    }
    write_bytes(path, save(tensors, metadata))


def as_stored(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors as a checkpoint holds them: floats rounded to float16, on the CPU."""
    return {
        key: (value.half() if value.is_floating_point() else value).detach().cpu() for key, value in tensors.items()
    }


def hash_tensors(tensors: Mapping[str, Tensor]) -> str:
    """Return a SHA-256 over names, types, shapes and values, in the form a checkpoint stores."""
    digest = hashlib.sha256()
    for key, value in sorted(as_stored(tensors).items()):
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def hash_bytes(tensor: Tensor) -> str:
    """Return a SHA-256 over a tensor's values as they are in memory."""
    return hashlib.sha256(tensor.detach().cpu().contiguous().numpy().tobytes()).hexdigest()


def _read_pickle(path: Path) -> Original:
    content = load_inert(path)
    said = content.get("forgetbench") if isinstance(content, dict) else None
    if said is not None and not (isinstance(said, dict) and said.get("only")):
        raise combined_of_two(path)
    offered = [content.get("ema"), content.get("model")] if isinstance(content, dict) else [content]
    model = next((unwrapped(one) for one in offered if isinstance(one, Inert)), None)
    if type(model).__name__ not in DETECTION_MODELS or not isinstance(model, Inert):
        raise not_a_detector(path, content, model)
    architecture, names = getattr(model, "yaml", None), getattr(model, "names", None)
    if not isinstance(architecture, dict):
        raise WeightsError("the model does not say its architecture", where=path, fix=USE_DETECTION)
    original = make_original(
        path.stem,
        architecture,
        head_class_names(names, architecture.get("nc"), path),
        tensors_of(model, path),
        where=path,
    )
    check_modules(model, original.model, path)
    return original


def _read_safetensors(path: Path) -> tuple[yolo.Architecture, tuple[str, ...], dict[str, Tensor]]:
    try:
        check_regular(path)
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, Any] = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (not a mapping)
    except (SafetensorError, OSError) as error:
        raise not_safetensors(path, str(error).partition("\n")[0]) from error
    if not {"architecture", "classes"} <= metadata.keys():
        raise tensors_alone(path)
    architecture, names = json.loads(metadata["architecture"]), json.loads(metadata["classes"])
    return architecture, head_class_names(names, None, path), tensors
