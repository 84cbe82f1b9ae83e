"""The original: the pretrained model every branch grows from and every score is compared to."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from forgetbench.errors import WeightsError
from forgetbench.files import write_bytes
from forgetbench.model import yolo
from forgetbench.model.pickles import load_inert, tensors_of

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
    """

    name: str
    model: yolo.Yolo
    classes: tuple[str, ...]
    architecture: yolo.Architecture

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
        return hash_tensors(self.model.state_dict())


def load_original(path: Path) -> Original:
    """Open weights (`.pt` or `.safetensors`) without executing anything in them.

    Raises:
        WeightsError: the file is missing, refused, or not a detection model.
    """
    if not path.is_file():
        raise WeightsError("no such weights file", where=path)
    try:
        if path.suffix == ".safetensors":
            return make_original(path.stem, *_read_safetensors(path), where=path)
        return _read_pickle(path)
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
    if any(key.endswith(".conv.bias") for key in tensors) and not any(".bn." in key for key in tensors):
        raise fused(where)
    first = next((tensors[key] for key in ("model.0.conv.weight", "model.0.weight") if key in tensors), None)
    if first is not None and first.dim() == 4:
        check_channels(first.shape[1], where)
    model = yolo.sketch(architecture, len(classes), where, len(tensors))
    expected = model.state_dict()
    _check_names(expected, tensors, where)
    fine_tuned = _wider_classes(expected, tensors)
    if fine_tuned:
        model = yolo.build_fine_tuned(architecture, classes, where=where)
    else:
        model = yolo.build(architecture, len(classes), seed=0, where=where)
    _check_shapes(model.state_dict(), tensors, where)
    rounded = as_stored(tensors)
    for key, tensor in rounded.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise WeightsError("a value is not finite in float16", where=f"{where}: {key}")
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


def _read_pickle(path: Path) -> tuple[yolo.Architecture, tuple[str, ...], dict[str, Tensor]]:
    content = load_inert(path)
    model = (content.get("ema") or content.get("model")) if isinstance(content, dict) else None
    kind = type(model).__name__
    if kind not in DETECTION_MODELS:
        raise WeightsError(
            "no detection model inside", where=path, expected="an Ultralytics detection model", found=kind
        )
    architecture, names = getattr(model, "yaml", None), getattr(model, "names", None)
    if not isinstance(architecture, dict):
        raise WeightsError("the model does not say its architecture", where=path)
    return architecture, _class_names(names, int(architecture.get("nc", 0)), path), tensors_of(model)


def _read_safetensors(path: Path) -> tuple[yolo.Architecture, tuple[str, ...], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, Any] = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (not a mapping)
        architecture, classes = json.loads(metadata["architecture"]), json.loads(metadata["classes"])
    except (SafetensorError, OSError) as error:
        raise WeightsError("cannot be read as safetensors", where=path, found=str(error).splitlines()[0]) from error
    except (KeyError, ValueError) as error:
        raise WeightsError(
            "does not say its architecture and classes", where=path, fix="Use a file that forgetbench wrote."
        ) from error
    return architecture, _class_names(classes, len(classes), path), tensors


def _class_names(names: Any, count: int, where: Path) -> tuple[str, ...]:
    listed = [names[i] for i in sorted(names)] if isinstance(names, dict) else list(names or [])
    if len(listed) != count:
        raise WeightsError("class names do not fit the head", where=where, expected=count, found=len(listed))
    return tuple(str(name) for name in listed)
