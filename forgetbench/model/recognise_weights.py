"""What a file that does not open as detection weights is instead, told by its bytes and by the names in it.

Asked only once opening has failed: every reason, and what to do about it, is worded here.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from forgetbench.errors import WeightsError, brief

USE_DETECTION = "Use detection weights that Ultralytics trained, such as yolov8n.pt."
EXPECTED = "an Ultralytics detection model"
EXPORTED = "Use the .pt file that it was exported from."
UNPACK = "Unpack it and name the .pt file inside."
DOWNLOAD_AGAIN = "Download it again and compare its size with the one given at the source."


@dataclass(frozen=True)
class Reason:
    """What a file is, to be read after "this is", and what to do instead."""

    what: str
    fix: str


#: First bytes of files that people take for weights, the longest match first.
_MAGIC = (
    (b"version https://git-lfs", Reason("a Git LFS pointer, a few lines that stand for the file",
                                        "Run 'git lfs pull' in its repository, or download the file itself.")),
    (b"\x93NUMPY", Reason("a NumPy array", USE_DETECTION)),
    (b"\x89HDF", Reason("an HDF5 file, as Keras writes", USE_DETECTION)),
    (b"7767517", Reason("an NCNN export", EXPORTED)),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
     Reason("a file in PyTorch's format from before version 1.6",
            "Where you trust it, open it with a PyTorch of your own and write it anew with torch.save.")),
    (b"\x1f\x8b", Reason("a gzip archive", UNPACK)), (b"7z\xbc\xaf", Reason("a 7z archive", UNPACK)),
    (b"Rar!", Reason("a RAR archive", UNPACK)),
)  # fmt: skip
#: What a suffix says where the bytes do not.
_SUFFIXES = {
    ".onnx": "an ONNX export", ".engine": "a TensorRT engine", ".trt": "a TensorRT engine",
    ".plan": "a TensorRT engine", ".tflite": "a TFLite export", ".mlmodel": "a CoreML export",
    ".mlpackage": "a CoreML export", ".torchscript": "a TorchScript export", ".pb": "a TensorFlow export",
    ".pdmodel": "a PaddlePaddle export", ".pdiparams": "a PaddlePaddle export", ".bin": "an OpenVINO or NCNN export",
    ".mnn": "an MNN export", ".rknn": "an RKNN export",
}  # fmt: skip
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
    (r"ultralytics\..+", "a fork of Ultralytics with modules of its own", _FORK),
    (r"torch\.(_dynamo|_inductor)\..+", "torch.compile", "Save the model from before compiling it."),
    (r"(torch\.(ao|quantization|fx|nn\.(quantized|intrinsic|qat))|pytorch_quantization|modelopt)\..+",
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
    reason = _by_bytes(path)
    if reason is not None:
        return WeightsError(f"not a PyTorch checkpoint: this is {reason.what}", where=path, fix=reason.fix)
    with path.open("rb") as file:
        found = f"a file starting with bytes {file.read(4).hex(' ')}"
    wanted = "a zip archive written by torch.save"
    return WeightsError("not a PyTorch checkpoint", where=path, expected=wanted, found=found, fix=DOWNLOAD_AGAIN)


def foreign_names(path: Path, names: Iterable[str]) -> WeightsError:
    """Return the error for a pickle that names what detection checkpoints of Ultralytics do not.

    Names of other detectors' code are told as theirs. One name of anybody else's is the reason to distrust the file.
    """
    listed = sorted(names)
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
    elif _is_state_dict(content) or (
        isinstance(content, dict) and any(map(_is_state_dict, list(content.values())[:50]))
    ):
        found = "tensors alone (a state dict), without architecture and class names"
        fix = "Save the model itself, as Ultralytics' training and YOLO(…).save() do."
    else:
        found, fix = kind if model is not None else f"{type(content).__name__} without one", USE_DETECTION
    return WeightsError("no detection model inside", where=path, expected=EXPECTED, found=found, fix=fix)


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
    reason = None if looks_like_safetensors(path) else _by_bytes(path)
    return WeightsError(
        f"cannot be read as safetensors{f': this is {reason.what}' if reason else ''}",
        where=path,
        found=None if reason else brief(found),
        fix=reason.fix if reason else DOWNLOAD_AGAIN,
    )


def looks_like_safetensors(path: Path) -> bool:
    """Tell whether a file starts as safetensors do: the header's length, then JSON."""
    with path.open("rb") as file:
        start = file.read(9)
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def _is_state_dict(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(v, torch.Tensor) for v in value.values())


def _by_bytes(path: Path) -> Reason | None:
    with path.open("rb") as file:
        start = file.read(1024)
    if not start:
        return Reason("an empty file", DOWNLOAD_AGAIN)
    for magic, reason in _MAGIC:
        if start.startswith(magic):
            return reason
    if start.startswith(b"PK"):
        return _by_archive(path)
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")) or (text.startswith(b"<") and b"<html" in text):
        return Reason("an HTML page, such as one that asks for a login or says 'not found'",
                      "Download the file itself; where it needs a login, in a browser.")  # fmt: skip
    if text.startswith(b"<"):
        model = b"<net" in text
        return Reason("an OpenVINO export" if model else "an XML text", EXPORTED if model else DOWNLOAD_AGAIN)
    if start[4:8] == b"TFL3":
        return Reason("a TFLite export", EXPORTED)
    if start[0] == 8 and 0 < start[1] < 32 and start[2:3] in {b"\x12", b"\x1a", b"\x22", b"\x3a", b"\x42"}:
        return Reason("an ONNX export", EXPORTED)
    if b"ftrt" in start or b"ptrt" in start:
        return Reason("a TensorRT engine", EXPORTED)
    if path.suffix.lower() in _SUFFIXES:
        return Reason(_SUFFIXES[path.suffix.lower()], EXPORTED)
    if path.suffix.lower() == ".weights":
        return Reason("Darknet weights", USE_DETECTION)
    if start[257:262] == b"ustar":
        return Reason("a tar archive", UNPACK)
    if start[0] == 0x80 and start[1:2] <= b"\x05":
        return Reason("a plain pickle", "Where you trust it, open it yourself and write it anew with torch.save.")
    if looks_like_safetensors(path):
        return Reason("a safetensors file", "Give it the suffix .safetensors.")
    return _by_text(start)


def _by_text(start: bytes) -> Reason | None:
    try:
        text = start.decode("utf-8", errors="strict" if len(start) < 1024 else "ignore").strip()
    except UnicodeDecodeError:
        return None
    if not all(char.isprintable() or char.isspace() for char in text):
        return None
    return Reason("a JSON text" if text[:1] in {"{", "["} else "a text", DOWNLOAD_AGAIN)


def _by_archive(path: Path) -> Reason:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Reason("the beginning of a zip archive: the download broke off, or the file is damaged", DOWNLOAD_AGAIN)
    last = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in last or any("/code/" in f"/{name}" for name in names):
        return Reason("a TorchScript export", EXPORTED)
    if names and all(name.endswith(".npy") for name in names):
        return Reason("an archive of NumPy arrays", USE_DETECTION)
    if "data.pkl" in last:
        return Reason("a damaged PyTorch archive", DOWNLOAD_AGAIN)
    if any(name.endswith((".pt", ".pth")) for name in names):
        return Reason("a zip archive with weights inside", UNPACK)
    return Reason("a zip archive of other files", USE_DETECTION)
