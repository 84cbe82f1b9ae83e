"""Ultralytics' validation of forgetbench's checkpoints on COCO, one after another in one process.

    python -m benchmarks.validations --weights yolov8n.pt --reference coco.yaml --output FOLDER CHECKPOINT...

The trunk of each checkpoint is put under the original's head, as in `plain.py`; what a checkpoint does not hold is
frozen and therefore the original's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from safetensors.torch import load_file
from ultralytics import YOLO

from benchmarks.settings import VALIDATION


def with_original_head(weights: Path, checkpoint: Path) -> YOLO:
    """Return the original model with a checkpoint's tensors below the head."""
    original = YOLO(weights)
    head = f"model.{len(original.model.model) - 1}."
    trunk = {name: tensor for name, tensor in load_file(checkpoint).items() if not name.startswith(head)}
    unknown = original.model.load_state_dict(trunk, strict=False).unexpected_keys
    if unknown:
        raise ValueError(f"{checkpoint} does not fit {weights}: {unknown[0]}")
    return original


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    given = parser.parse_args()
    settings = {**VALIDATION, "imgsz": given.imgsz, "project": given.output, "name": "val", "exist_ok": True}
    scores = []
    for checkpoint in given.checkpoints:
        measured = with_original_head(given.weights, checkpoint).val(data=given.reference, **settings)
        scores.append(float(measured.box.map))
        print(f"{len(scores)} of {len(given.checkpoints)} validated", flush=True)
    (given.output / "scores.json").write_text(json.dumps(scores), encoding="utf-8")


if __name__ == "__main__":
    main()
