"""A file of weights validated by plain Ultralytics and scored by pycocotools, where forgetbench cannot be imported.

Run as a script: `plain_validation.py WORK`, a JSON file that says what to do and gets the AP beside it.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any


def detections(weights: str, data: str, imgsz: int, max_det: int, folder: Path) -> list[dict[str, Any]]:
    """Return what `YOLO(weights).val()` finds, as COCO's results; images by their place, classes from 0."""
    from ultralytics import YOLO

    YOLO(weights).val(
        data=data, imgsz=imgsz, batch=1, rect=True, conf=0.001, iou=0.7, max_det=max_det, save_json=True, plots=False,
        device="cpu", workers=0, project=str(folder), name=str(max_det), exist_ok=True, verbose=False, half=False,
    )  # fmt: skip
    found = json.loads((folder / str(max_det) / "predictions.json").read_text(encoding="utf-8"))
    first_class = 1  # Ultralytics numbers classes from 1 for data that are not COCO by path
    return [
        {**one, "image_id": int(Path(one["file_name"]).stem), "category_id": one["category_id"] - first_class}
        for one in found
    ]


def ap(truth: dict[str, Any], found: list[dict[str, Any]], categories: list[int]) -> float:
    """Return AP over some categories, a fraction, as pycocotools has it."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = truth
        known.createIndex()
        scorer = COCOeval(known, known.loadRes([one for one in found if one["category_id"] in categories]), "bbox")
        scorer.params.catIds = categories
        scorer.evaluate()
        scorer.accumulate()
        scorer.summarize()
    return float(scorer.stats[0])


def main(work: Path) -> None:
    """Validate a file on each of some datasets with each limit of detections, and write the AP."""
    asked = json.loads(work.read_text(encoding="utf-8"))
    scores = {}
    for role, of in asked["data"].items():
        truth = json.loads(Path(of["truth"]).read_text(encoding="utf-8"))
        for limit in asked["max_det"]:
            found = detections(asked["weights"], of["yaml"], asked["imgsz"], limit, work.parent / role)
            scores[f"{role} {limit}"] = ap(truth, found, of["categories"])
    work.with_name("ap.json").write_text(json.dumps(scores), encoding="utf-8")


if __name__ == "__main__":
    sys.modules["forgetbench"] = None  # type: ignore[assignment]  # an import of it fails
    main(Path(sys.argv[1]))
