"""The seam to Ultralytics' exporters and runtimes: a `.pt` file made into another format, and such a file opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from forgetbench.errors import RunError
from forgetbench.model.quiet import import_openvino, muffled, variables_put_back  # (must come before ultralytics)

from ultralytics import YOLO  # isort: skip
from ultralytics.nn.autobackend import AutoBackend  # isort: skip

#: Most detections of an image that a one-to-one head in another format gives, of both halves together: Ultralytics' 300
#: are too few for two, and the number is part of the file.
MAX_DET = 1000
#: What Ultralytics calls formats that have another name.
_CALLED = {"tflite": "litert"}


def convert(path: Path, format_name: str, *, imgsz: int, one_to_one: bool, half: bool, about: str) -> Path:
    """Make another format of a `.pt` file by Ultralytics' own exporter, beside it.

    Args:
        path: A file that we wrote; its name ends in `.pt`.
        format_name: As `ship.formats` calls it; its packages are there, nothing is ever installed.
        imgsz: Height and width of the only canvas that the file will take, in pixels.
        one_to_one: Whether it detects by its one-to-one stacks.
        half: Whether its numbers are float16.
        about: A text that the file is to hold as `forgetbench` among Ultralytics' own metadata.

    Returns:
        The file or folder.

    Raises:
        RunError: the exporter fails.
    """
    if format_name == "openvino":
        import_openvino()
    with muffled(), variables_put_back():
        model = YOLO(path, task="detect")
        model.add_callback("on_export_start", lambda exporter: exporter.metadata.update(forgetbench=about))
        try:
            made = model.export(
                format=_CALLED.get(format_name, format_name),
                imgsz=imgsz,
                max_det=MAX_DET,
                nms=False if one_to_one else None,
                quantize=16 if half else None,
                device=0 if format_name == "engine" else "cpu",
            )
        except Exception as error:  # of any of a dozen libraries
            first = " ".join(str(error).split())[:200]
            raise RunError(
                f"Ultralytics' exporter fails for the format {format_name}",
                found=f"{type(error).__name__}: {first}",
                fix="Nothing was written. The format pt needs no exporter.",
            ) from error
    return Path(made)


def opened_by_ultralytics(path: Path, device: str) -> Callable[[Tensor], Tensor]:
    """Return what a file detects on images (B, 3, H, W) in [0, 1], by the runtime that Ultralytics has for it."""
    backend: Any = AutoBackend(str(path), device=torch.device(device), fp16=False, verbose=False)

    def run(images: Tensor) -> Tensor:
        predictions = backend(images.contiguous().to(device))  # ncnn reads memory as it lies
        first: Tensor = predictions[0] if isinstance(predictions, list | tuple) else predictions
        return first.cpu()

    return run
