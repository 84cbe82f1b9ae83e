"""Ultralytics' own validation as an oracle: its detections of a dataset, in our form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import yaml

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.detections import Detections, gather
from forgetbench.model import quiet  # (must come before ultralytics)


def ultralytics_detections(
    weights: Path, dataset: Dataset, imgsz: int, folder: Path, *, rect: bool = False
) -> Detections:
    """Return what `YOLO(weights).val()` finds; its JSON rounds boxes to 0.001 pixels and scores to 0.00001."""
    from ultralytics import YOLO

    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / "images.txt"
    listed.write_text("\n".join(str(sample.image) for sample in dataset.samples), encoding="utf-8")
    data = folder / "data.yaml"
    content = {"path": str(folder), "train": str(listed), "val": str(listed), "names": dict(enumerate(dataset.classes))}
    data.write_text(yaml.safe_dump(content), encoding="utf-8")
    with quiet.variables_put_back():  # such as CUBLAS_WORKSPACE_CONFIG, which other tests would record
        YOLO(weights).val(
            data=str(data), imgsz=imgsz, batch=16, conf=0.001, iou=0.7, max_det=300, rect=rect, save_json=True,
            plots=False, device="cpu", workers=0, project=str(folder), name="val", exist_ok=True, verbose=False,
            half=False,
        )  # fmt: skip
    position = {sample.image.stem: index for index, sample in enumerate(dataset.samples)}
    first_class = 1  # Ultralytics numbers classes from 1 for data that are not COCO by path
    parts: dict[int, list[list[float]]] = {}
    for found in json.loads((folder / "val" / "predictions.json").read_text(encoding="utf-8")):
        name = Path(found["file_name"]).stem if "file_name" in found else str(found["image_id"])
        x, y, width, height = found["bbox"]
        row = [x, y, x + width, y + height, found["score"], found["category_id"] - first_class]
        parts.setdefault(position[name], []).append(row)
    return gather([(index, np.array(rows, dtype=np.float32)) for index, rows in parts.items()])
