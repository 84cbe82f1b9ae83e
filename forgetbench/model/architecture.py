"""Architectures as data: checked to be plain, known and bounded before anything is built from them.

Ultralytics' parser looks module names up among all it has imported, some of which load files or go to the network, and
builds whatever number of them a row asks for. Rows that come with weights are therefore checked here first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from forgetbench.errors import WeightsError, brief

Architecture = dict[str, Any]
#: Modules that detection models are made of. None of them opens a file or an address.
KNOWN = frozenset({
    "A2C2f", "AConv", "ADown", "AIFI", "Bottleneck", "BottleneckCSP", "C1", "C2", "C2PSA", "C2f", "C2fCIB",
    "C2fPSA", "C3", "C3Ghost", "C3TR", "C3k2", "C3x", "CBFuse", "CBLinear", "Concat", "Conv", "ConvTranspose",
    "DWConv", "DWConvTranspose2d", "Detect", "ELAN1", "Focus", "GhostBottleneck", "GhostConv", "HGBlock", "HGStem",
    "PSA", "RepC3", "RepNCSPELAN4", "ResNetLayer", "SCDown", "SPP", "SPPELAN", "SPPF", "v10Detect", "nn.AvgPool2d",
    "nn.BatchNorm2d", "nn.ConvTranspose2d", "nn.Identity", "nn.MaxPool2d", "nn.Upsample", "nn.ZeroPad2d",
})  # fmt: skip
#: Heads and modules of other tasks: known, but not what is compared here.
OTHER_HEADS = frozenset({
    "Classify", "Depth", "ImagePoolingAttn", "OBB", "OBB26", "Pose", "Pose26", "RTDETRDecoder", "Segment",
    "Segment26", "SemanticSegment", "WorldDetect", "YOLOEDetect", "YOLOESegment", "YOLOESegment26", "C2fAttn",
})  # fmt: skip
#: Where among a module's arguments another number of repeats is.
REPEATS_AT = {"RepNCSPELAN4": 3, "ResNetLayer": 4}
#: Modules in an architecture that comes without tensors.
MOST_MODULES = 3000
MOST_ROWS = 1000
#: Modules that one takes the outputs of; a head makes convolutions for each.
MOST_SOURCES = 64
LARGEST = 65_536
_WORDS = frozenset({"nc", "None", "True", "False", "nearest", "bilinear", "bicubic"})
_NUMBER = re.compile(r"-?\d{1,5}(\.\d{1,9})?")
_ACTIVATION = re.compile(
    r"(torch\.)?nn\.(CELU|ELU|GELU|Hardswish|Hardtanh|Identity|LeakyReLU|Mish|PReLU|ReLU|ReLU6|SELU|SiLU|Sigmoid|"
    r"Softplus|Tanh)\(((\w+=)?(-?\d{1,3}(\.\d{1,9})?|True|False|None)(, *|(?=\))))*\)",
    re.ASCII,
)


def checked(architecture: object, where: object, tensors: int | None = None) -> Architecture:
    """Return a copy of an architecture as plain data, once it names only known modules within bounds.

    Args:
        architecture: What a file or a checkpoint says.
        where: Name of the file, for errors.
        tensors: How many tensors come with it; it may not have more modules than they can fill.

    Raises:
        WeightsError: it is no architecture, has other than three input channels, or a row that is not allowed.
    """
    if not isinstance(architecture, Mapping) or not (
        isinstance(architecture.get("backbone"), list) and isinstance(architecture.get("head"), list)
    ):
        wanted = "lists 'backbone' and 'head', as in Ultralytics' model files"
        raise WeightsError("not an architecture", where=where, expected=wanted)
    plain: Architecture = {
        key: value
        for key, value in architecture.items()
        if isinstance(key, str) and (value is None or type(value) in {str, bool, int, float})
    }
    for name in ("depth_multiple", "width_multiple"):
        if name in plain:
            _number(plain[name], f"{where}: {name}", 64)
    for name in ("nc", "reg_max"):
        if plain.get(name) is not None or architecture.get(name) is not None:
            _whole(architecture[name], f"{where}: {name}")
    if isinstance(architecture.get("scales"), Mapping):
        plain["scales"] = _scales(architecture["scales"], where)
    elif architecture.get("scales"):
        raise WeightsError("not a mapping", where=f"{where}: scales", found=brief(architecture["scales"]))
    activation = architecture.get("activation")
    if activation is not None and not (isinstance(activation, str) and _ACTIVATION.fullmatch(activation)):
        raise WeightsError(
            "refused activation", where=where, expected="a call such as nn.SiLU()", found=brief(activation)
        )
    check_channels(architecture.get("channels") or architecture.get("ch") or 3, where)
    rows = [*architecture["backbone"], *architecture["head"]]
    if not architecture["head"] or len(rows) > MOST_ROWS:
        raise WeightsError("not an architecture", where=where, expected=f"1 to {MOST_ROWS} rows", found=len(rows))
    copies = [_row(row, index, f"{where}: row {index}") for index, row in enumerate(rows)]
    _bound(copies, plain, where, (MOST_MODULES if tensors is None else tensors) + len(rows))
    split = len(architecture["backbone"])
    return {**plain, "backbone": copies[:split], "head": copies[split:]}


def check_channels(channels: object, where: object) -> None:
    """Check that a model takes colour images.

    Raises:
        WeightsError: it takes images of another number of channels.
    """
    if type(channels) is not int or channels != 3:
        raise WeightsError(
            "the model does not take colour images",
            where=where,
            expected="3 input channels",
            found=brief(channels),
            fix="forgetbench gives models three channels, for grey images three equal ones; train the model on such "
            "images, without 'channels' in data.yaml and without 'ch' in its architecture.",
        )


def _scales(scales: Mapping[Any, Any], where: object) -> dict[str, list[float]]:
    plain = {}
    for name, scale in list(scales.items())[:20]:
        at = f"{where}: scales.{brief(name)}"
        if not isinstance(scale, list | tuple) or len(scale) != 3:
            raise WeightsError("not a scale", where=at, expected="[depth, width, most channels]", found=brief(scale))
        plain[str(name)] = [_number(value, at, most) for value, most in zip(scale, (64, 64, LARGEST), strict=True)]
    return plain


def _row(row: Any, index: int, where: str) -> list[Any]:
    if not isinstance(row, list | tuple) or len(row) != 4 or not isinstance(row[3], list | tuple):
        raise WeightsError("not a row", where=where, expected="[from, repeats, module, [arguments]]", found=brief(row))
    sources, repeats, module, arguments = row
    if isinstance(sources, list | tuple) and len(sources) > MOST_SOURCES:
        raise WeightsError(
            "takes the outputs of too many modules", where=where, expected=f"up to {MOST_SOURCES}", found=len(sources)
        )
    for source in sources if isinstance(sources, list | tuple) else [sources]:
        if type(source) is not int or not (-max(index, 1) <= source < index):
            raise WeightsError("takes no earlier module's output", where=where, found=brief(source))
    _whole(repeats, where)
    if module == "Silence" and index == 0:  # what YOLOv9 called it at first
        module = "nn.Identity"
    if not isinstance(module, str) or module not in KNOWN:
        other = isinstance(module, str) and module in OTHER_HEADS
        raise WeightsError(
            "not a detection model" if other else "names a module that detection models of Ultralytics do not have",
            where=where,
            expected="modules of a detection model",
            found=brief(module),
            fix="Use a detection model, such as yolov8n."
            if other
            else "Weights of a fork with modules of its own cannot be opened.",
        )
    listed = list(sources) if isinstance(sources, list | tuple) else sources
    return [listed, repeats, module, [_argument(value, where, 0) for value in arguments[:50]]]


def _argument(value: Any, where: str, depth: int) -> Any:
    if value is None or type(value) is bool:
        return value
    if type(value) in {int, float}:
        if not (math.isfinite(value) and abs(value) <= LARGEST):
            raise WeightsError("an argument is out of bounds", where=where, expected=f"up to {LARGEST}", found=value)
        return value
    if isinstance(value, str) and (value in _WORDS or _NUMBER.fullmatch(value)):
        return value if value in _WORDS else float(value) if "." in value else int(value)
    if isinstance(value, list | tuple) and depth < 2 and len(value) <= 64:
        return type(value)(_argument(inner, where, depth + 1) for inner in value)
    raise WeightsError("an argument is not one that modules take", where=where, found=brief(value))


def _bound(rows: list[list[Any]], plain: Architecture, where: object, most: int) -> None:
    """Check that no more modules would be built than there can be."""
    depth = plain.get("depth_multiple", 1.0)
    if plain.get("scales"):
        scale = plain.get("scale") or next(iter(plain["scales"]))
        if scale not in plain["scales"]:
            raise WeightsError("no such scale", where=where, expected=", ".join(plain["scales"]), found=brief(scale))
        depth = plain["scales"][scale][0]
    total = 0
    for _, repeats, module, arguments in rows:
        at = REPEATS_AT.get(module, len(arguments))
        inner = arguments[at] if at < len(arguments) else 1
        total += max(round(repeats * depth), 1) * max(1, inner if type(inner) is int else LARGEST)
    if total > most:
        raise WeightsError(
            "the architecture has more modules than there are tensors for", where=where, expected=most, found=total
        )


def _whole(value: object, where: str) -> int:
    if type(value) is not int or value < 1:
        raise WeightsError("not a count", where=where, expected="a whole number from 1", found=brief(value))
    return value


def _number(value: Any, where: str, most: float) -> float:
    if type(value) not in {int, float} or not 0 < value <= most:
        raise WeightsError("out of bounds", where=where, expected=f"a number above 0, up to {most}", found=brief(value))
    return value  # type: ignore[no-any-return]
