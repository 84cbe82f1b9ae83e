"""What a file that does not open as detection weights is instead, told by its kind and by the names in it.

Asked only once opening has failed: every reason, and what to do about it, is worded here and in `file_kinds`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from forgetbench.errors import WeightsError, brief
from forgetbench.files import open_regular
from forgetbench.model.file_kinds import (
    DOWNLOAD_AGAIN,
    USE_DETECTION,
    Reason,
    is_checkpoint,
    kind_of_file,
    kind_of_place,
    looks_like_safetensors,
)

EXPECTED = "an Ultralytics detection model"
_ANCHORS = "Its anchor-based models are not Ultralytics'; for YOLOv5, weights such as yolov5nu.pt are."
_FORK = "Only what the installed Ultralytics can build opens; train the model with Ultralytics itself."
#: Whose code the names in a pickle belong to; the first that fits.
_FAMILIES = (
    (r"models\.\w+\.(I\w*Detect|IBin|Implicit[AM]|IKeypoint)", "YOLOv7's own repository", _ANCHORS),
    (r"models\.\w+\.(Dual|Triple)?DDetect", "YOLOv9's own repository",
     "Use weights of that family that Ultralytics publishes, such as yolov9c.pt."),
    (r"models\.(yolo|common|experimental)\.\w+", "YOLOv5's own repository or a fork of it", _ANCHORS),
    (r"models(\.\w+)*\.[A-Z]\w*", "another YOLO repository", _FORK),
    (r"yolov6\..+", "YOLOv6's own repository", USE_DETECTION),
    (r"yolox\..+", "YOLOX", USE_DETECTION),
    (r"(mmdet|mmcv|mmengine|mmyolo)\..+", "OpenMMLab", USE_DETECTION),
    (r"(detectron2|fvcore)\..+", "Detectron2", USE_DETECTION),
    (r"super_gradients\..+", "SuperGradients (YOLO-NAS)", USE_DETECTION),
    (r"(torchvision\.models|timm|transformers|pytorch_lightning)\..+", "another model library", USE_DETECTION),
    (r"ultralytics\.(\w+\.)*([A-Z]\w*|v\d\w*)", "a fork of Ultralytics with modules of its own", _FORK),
    (r"torch\.(_dynamo\.|_inductor\.|_TorchCompile).+", "torch.compile", "Save the model from before compiling it."),
    (r"torch\.nn\.utils\.\w+\.\w+", "a pruning or parametrising tool of PyTorch",
     "Make its changes lasting, as torch.nn.utils.prune.remove does, and save the model again."),
    (r"(torch\.(ao|quantization|fx|nn\.(quantized|intrinsic|qat))|pytorch_quantization|modelopt)\..+|torch\.ScriptObject",
     "a quantisation or graph tool", "Use the training checkpoint from before that."),
)  # fmt: skip
_OTHER_TASKS = {
    "SegmentationModel": "a segmentation model", "PoseModel": "a pose model", "OBBModel": "a model of oriented boxes",
    "ClassificationModel": "a classification model", "SemanticModel": "a semantic segmentation model",
    "DepthModel": "a depth model",
    "WorldModel": "a YOLO-World model", "YOLOEModel": "a YOLOE model", "YOLOESegModel": "a YOLOE segmentation model",
    "RTDETRDetectionModel": "an RT-DETR model",
}  # fmt: skip


def not_a_checkpoint(path: Path) -> WeightsError:
    """Return the error for a file that is no archive written by torch.save, from its bytes and its suffix."""
    reason = kind_of_file(path)
    if reason is not None:
        return WeightsError(f"not a PyTorch checkpoint: this is {reason.what}", where=path, fix=reason.fix)
    with open_regular(path) as file:
        found = f"a file starting with bytes {file.read(4).hex(' ')}"
    wanted = "a zip archive written by torch.save"
    return WeightsError("not a PyTorch checkpoint", where=path, expected=wanted, found=found, fix=DOWNLOAD_AGAIN)


def damaged(path: Path) -> WeightsError:
    """Return the error for an archive whose content is not that of its checksums."""
    return WeightsError("damaged: its content does not fit its checksums", where=path, fix=DOWNLOAD_AGAIN)


def foreign_names(path: Path, names: Iterable[str]) -> WeightsError:
    """Return the error for a pickle that names what detection checkpoints of Ultralytics do not.

    Names of other detectors' code are told as theirs. One name of anybody else's is the reason to distrust the file.
    """
    listed = sorted(names)
    if any(name.startswith("torch._dynamo.") for name in listed):  # a compiled model names it too
        listed = [name for name in listed if name != "contextlib.nullcontext"]
    unknown = [name for name in listed if not any(re.fullmatch(family[0], name, re.ASCII) for family in _FAMILIES)]
    if unknown:
        return WeightsError(
            f"refused: the file names {brief(unknown[0])}, which no detection checkpoint needs",
            where=path,
            fix="Nothing in it was executed. Take the weights from a source you trust, or save them anew.",
        )
    (_, family, fix), name = next(
        (family, name) for family in _FAMILIES for name in listed if re.fullmatch(family[0], name, re.ASCII)
    )
    return WeightsError(
        "not weights that Ultralytics can build",
        where=path,
        expected=EXPECTED,
        found=f"one saved by {family} ({brief(name)})",
        fix=fix,
    )


def combined_of_two(path: Path) -> WeightsError:
    """Return the error for a file that `forgetbench export` wrote."""
    return WeightsError(
        "a detector that forgetbench combined of two: no architecture describes its two heads, so it cannot be trained",
        where=path,
        fix="Name the original that the run started from.",
    )


def not_a_detector(path: Path, content: Any, model: Any) -> WeightsError:
    """Return the error for a checkpoint whose content is no detection model.

    Args:
        path: The file.
        content: What it holds, made inert.
        model: What stands where the model should be, None if nothing does.
    """
    kind = type(model).__name__
    if kind in _OTHER_TASKS:
        found, fix = _OTHER_TASKS[kind], "forgetbench compares boxes; u" + USE_DETECTION[1:]
    elif _holds_state_dict(content):
        found = "tensors alone (a state dict), without architecture and class names"
        fix = "Save the model itself, as Ultralytics' training and YOLO(…).save() do."
    else:
        found, fix = kind if model is not None else _in_words(content), USE_DETECTION
    return WeightsError("no detection model inside", where=path, expected=EXPECTED, found=found, fix=fix)


def not_a_file(path: Path) -> WeightsError:
    """Return the error for weights that are not there, or that are a folder, a pipe or a device."""
    reason = kind_of_place(path)
    if reason is None:
        return WeightsError("no such weights file", where=path, fix="Check its path.")
    return WeightsError(f"not a weights file: this is {reason.what}", where=path, fix=reason.fix)


def fused(where: object) -> WeightsError:
    """Return the error for a model whose BatchNorm layers were folded into convolutions."""
    fix = "It can no longer be trained; use the training checkpoint."
    return WeightsError("the model was fused for inference: its BatchNorm layers are gone", where=where, fix=fix)


def other_layers(where: object, name: str, found: str, expected: str | None) -> WeightsError:
    """Return the error for a module that the architecture does not lead to."""
    return WeightsError(
        "modules are not those that Ultralytics builds from its architecture, so it was changed or comes from a fork",
        where=where,
        expected=f"{expected} at {name}" if expected else f"nothing at {name}",
        found=found,
        fix=_FORK,
    )


def tensors_alone(path: Path) -> WeightsError:
    """Return the error for safetensors that forgetbench did not write."""
    found, fix = "tensors alone, as other programs write them", "Use the model's .pt file, or a file forgetbench wrote."
    return WeightsError("does not say its architecture and classes", where=path, found=found, fix=fix)


def not_safetensors(path: Path, found: str) -> WeightsError:
    """Return the error for a file with the suffix .safetensors that cannot be read as such."""
    reason = None if looks_like_safetensors(path) else kind_of_file(path)
    if is_checkpoint(path):
        reason = Reason("a PyTorch archive", "Give it the suffix .pt.")
    return WeightsError(
        f"cannot be read as safetensors{f': this is {reason.what}' if reason else ''}",
        where=path,
        found=None if reason else brief(found),
        fix=reason.fix if reason else DOWNLOAD_AGAIN,
    )


def _holds_state_dict(value: Any, depth: int = 0) -> bool:
    if not isinstance(value, dict | list | tuple) or not value or depth > 3:
        return False
    inside = list(value.values()) if isinstance(value, dict) else list(value)
    tensors = sum(isinstance(one, torch.Tensor) for one in inside)
    if isinstance(value, dict) and tensors and 2 * tensors >= len(inside):
        return True
    return any(_holds_state_dict(one, depth + 1) for one in inside[:50])


def _in_words(content: Any) -> str:
    if isinstance(content, dict):
        return f"only {', '.join(brief(key) for key in list(content)[:6])}" if content else "nothing"
    if isinstance(content, list | tuple):
        return f"a list of {len(content)}, not the model itself"
    return "nothing" if content is None else "a single tensor" if isinstance(content, torch.Tensor) else brief(content)
