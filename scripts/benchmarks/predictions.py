"""The plain script's last checkpoints validated once more, untimed, with their detections written as JSON.

    python -m benchmarks.predictions … takes the plain script's arguments; --output is the folder that it wrote.

For each freeze point `predictions/<role>-<freeze point>/predictions.json` is left in that folder. Ultralytics rounds
what it writes, which makes ties of low scores and moves AP by up to 0.001 on few images; here all digits are kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ultralytics import YOLO
from ultralytics.models.yolo.detect import DetectionValidator
from ultralytics.utils import ops

from benchmarks.plain import epoch_checkpoints, with_original_head
from benchmarks.settings import VALIDATION, add_arguments


class ExactValidator(DetectionValidator):  # type: ignore[misc]
    """Ultralytics' validator, whose JSON holds boxes and scores as they are."""

    def pred_to_json(self, predn: dict[str, Any], pbatch: dict[str, Any]) -> None:
        rows = zip(ops.xyxy2ltwh(predn["bboxes"]).tolist(), predn["conf"].tolist(), predn["cls"].tolist(), strict=True)
        image = int(Path(pbatch["im_file"]).stem)
        self.jdict += [
            {"image_id": image, "category_id": self.class_map[int(label)], "bbox": box, "score": score}
            for box, score, label in rows
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__))
    add_arguments(parser)
    given = parser.parse_args()
    settings = {**VALIDATION, "imgsz": given.imgsz, "project": given.output / "predictions", "exist_ok": True}
    for freeze in given.freeze_points:
        last = epoch_checkpoints(given.output / f"freeze{freeze}", given.epochs)[-1]
        YOLO(last).val(ExactValidator, data=given.target, save_json=True, name=f"target-{freeze}", **settings)
        reference = with_original_head(given.weights, last)
        reference.val(ExactValidator, data=given.reference, save_json=True, name=f"reference-{freeze}", **settings)


if __name__ == "__main__":
    main()
