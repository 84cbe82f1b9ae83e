"""The formats that a model is taken home in: how their files are called, and what making and opening one needs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from forgetbench.errors import InputError
from forgetbench.files import check_writable

_EXTRA = "'forgetbench[export]'"


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        name: What `--format` calls it.
        ending: How a file's name ends, by which Ultralytics knows it.
        packages: What has to be importable to make and to open one.
        install: What `pip install` gets them by.
        folder: Whether it is a folder of files.
        one_to_one: Whether it can hold a head that picks its best detections itself.
        half: Whether Ultralytics makes one with float16 numbers, on a CPU too.
        gpu: Whether it is made for the very GPU of this machine.
    """

    name: str
    ending: str
    packages: tuple[str, ...] = ()
    install: str = _EXTRA
    folder: bool = False
    one_to_one: bool = True
    half: bool = True
    gpu: bool = False


PT = Format("pt", ".pt", half=False)
FORMATS = (
    PT,
    Format("onnx", ".onnx", ("onnx", "onnxruntime", "onnxslim")),
    Format("openvino", "_openvino_model", ("openvino",), folder=True),
    Format("torchscript", ".torchscript", half=False),
    Format("tflite", ".tflite", ("litert_torch", "ai_edge_litert"), "litert-torch ai-edge-litert", half=False),
    Format("ncnn", "_ncnn_model", ("ncnn", "pnnx"), "ncnn pnnx==20260526", folder=True, one_to_one=False),
    Format("engine", ".engine", ("tensorrt", "onnx", "onnxslim"), f"tensorrt {_EXTRA}", gpu=True),
)
NAMES = tuple(one.name for one in FORMATS)


def find_format(output: Path, name: str | None) -> tuple[Format, Path]:
    """Return the format that is meant, and the path to write: a name without any ending gets the format's.

    Raises:
        InputError: neither the name nor the path's ending says a format, or they say different ones.
    """
    known = {one.name: one for one in FORMATS}
    if name is not None and name not in known:
        raise InputError("no such format", where=name, expected=f"one of {', '.join(NAMES)}")
    ended = next((one for one in FORMATS if output.name.endswith(one.ending)), None)
    wanted = ended if name is None else known[name]
    if wanted is None:
        endings = ", ".join(one.ending for one in FORMATS)
        raise InputError(
            "the file's name does not say its format", where=output, expected=f"a name that ends in one of {endings}"
        )
    if ended is None and not output.suffix:
        return wanted, output.with_name(output.name + wanted.ending)
    if ended is not wanted:
        raise InputError(
            f"the file's name is not one of the format {wanted.name}",
            where=output,
            expected=f"a name that ends in {wanted.ending}",
        )
    return wanted, output


def check_format(wanted: Format, output: Path, *, one_to_one: bool, half: bool) -> None:
    """Check, before anything long is computed, that a format can be made on this machine and put into its place.

    Raises:
        InputError: it cannot; it says what is missing.
    """
    missing = [name for name in wanted.packages if find_spec(name) is None]
    if missing:
        raise InputError(
            f"the format {wanted.name} needs packages that are not installed",
            found=f"no {', '.join(missing)}",
            fix=f"pip install {wanted.install}",
        )
    if wanted.gpu and not _has_gpu():
        raise InputError(f"the format {wanted.name} is made for the machine's own GPU", found="no CUDA GPU here")
    if one_to_one and not wanted.one_to_one:
        raise InputError(f"the format {wanted.name} cannot hold a one-to-one head", fix="Take --head one-to-many.")
    if half and not wanted.half:
        able = ", ".join(one.name for one in FORMATS if one.half)
        raise InputError(f"the format {wanted.name} has no choice of float16", expected=f"one of {able}")
    if wanted.folder and output.exists():
        raise InputError("is there already", where=output, expected="nothing there: this format is a folder of files")
    check_writable(output)


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()
