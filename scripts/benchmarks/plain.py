"""Baseline (a): the sweep as a script on Ultralytics, the way its users write it.

One `train(freeze=F)` per freeze point, then two `val` per epoch's checkpoint: on the target, and on COCO with the head
swapped for the original's. What is not named here is Ultralytics' default; nothing of forgetbench is imported.

    python -m benchmarks.plain --weights yolov8n.pt --target target.yaml --reference coco.yaml --output FOLDER
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from ultralytics import YOLO

from benchmarks.settings import TRAINING, VALIDATION, add_arguments


def epoch_checkpoints(folder: Path, epochs: int) -> list[Path]:
    """Return the checkpoints of epochs 1 to `epochs`; Ultralytics counts from 0 in their names.

    Raises:
        FileNotFoundError: an epoch's checkpoint is not there.
    """
    paths = [folder / "weights" / f"epoch{epoch}.pt" for epoch in range(epochs)]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"{path} was not written")
    return paths


def with_original_head(weights: Path, checkpoint: Path) -> YOLO:
    """Return the original model whose modules below the head are a checkpoint's."""
    original, tuned = YOLO(weights), YOLO(checkpoint)
    for index in range(len(original.model.model) - 1):
        original.model.model[index] = tuned.model.model[index]
    return original


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__))
    add_arguments(parser)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    scores: list[dict[str, Any]] = []
    for freeze in given.freeze_points:
        name = f"freeze{freeze}"
        began = time.perf_counter()
        YOLO(given.weights).train(
            data=given.target, freeze=freeze, epochs=given.epochs, imgsz=given.imgsz,
            project=given.output, name=name, exist_ok=True, **{**TRAINING, "device": given.device},
        )  # fmt: skip
        print(f"freeze point {freeze}: trained in {time.perf_counter() - began:.0f} s", flush=True)
        began = time.perf_counter()
        for epoch, checkpoint in enumerate(epoch_checkpoints(given.output / name, given.epochs), 1):
            settings = {
                **VALIDATION, "device": given.device, "imgsz": given.imgsz,
                "project": given.output, "name": "val", "exist_ok": True,
            }  # fmt: skip
            target = YOLO(checkpoint).val(data=given.target, **settings)
            reference = with_original_head(given.weights, checkpoint).val(data=given.reference, **settings)
            scores += [
                {"freeze_point": freeze, "epoch": epoch, "role": "target", "ap": float(target.box.map)},
                {"freeze_point": freeze, "epoch": epoch, "role": "reference", "ap": float(reference.box.map)},
            ]
        print(f"freeze point {freeze}: validated in {time.perf_counter() - began:.0f} s", flush=True)
    (given.output / "scores.json").write_text(json.dumps(scores, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
