"""A file opened by its own runtime: a function from images to predictions, as the check takes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from forgetbench.errors import RunError
from forgetbench.model import yolo
from forgetbench.model.quiet import import_openvino, muffled
from forgetbench.ship.file_check import Runtime
from forgetbench.ship.formats import Format

#: A one-to-one head keeps its best detections of all classes; while a `.pt` file is checked, as many as it has.
ALL = 100_000


def opened(path: Path, kind: Format) -> Runtime:
    """Return what runs a file on the CPU with float32 arithmetic and as many threads as PyTorch has.

    Raises:
        RunError: its runtime does not open it.
    """
    try:
        with muffled():
            return _RUNTIMES.get(kind.name, _others)(path)
    except Exception as error:  # of any runtime
        first = " ".join(str(error).split())[:200]
        raise RunError(
            f"the file cannot be opened by the runtime of its format, {kind.name}",
            found=f"{type(error).__name__}: {first}",
            fix="Nothing was written.",
        ) from error


def _pt(path: Path) -> Runtime:
    model = yolo.opened_as_users_do(path)
    yolo.set_max_detections(yolo.modules_of(model)[-1], ALL)

    def run(images: Tensor) -> Tensor:
        predictions: Tensor = model(images)[0]
        return predictions

    return run


def _onnx(path: Path) -> Runtime:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(images: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {"images": images.numpy()})[0])

    return run


def _openvino(path: Path) -> Runtime:
    import_openvino()
    import openvino

    (description,) = path.glob("*.xml")
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    compiled = openvino.Core().compile_model(description, "CPU", settings)

    def run(images: Tensor) -> Tensor:
        return torch.from_numpy(compiled(images.numpy())[0])

    return run


def _torchscript(path: Path) -> Runtime:
    model: Any = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]

    def run(images: Tensor) -> Tensor:
        predictions: Tensor = model(images)
        return predictions

    return run


def _others(path: Path) -> Runtime:
    from forgetbench.model.convert import opened_by_ultralytics

    return opened_by_ultralytics(path, "cuda:0" if path.suffix == ".engine" else "cpu")


_RUNTIMES: dict[str, Callable[[Path], Runtime]] = {
    "pt": _pt,
    "onnx": _onnx,
    "openvino": _openvino,
    "torchscript": _torchscript,
}
