"""The program of docs/export.md that runs an ONNX file without Ultralytics, held against Ultralytics."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from ultralytics import YOLO

from forgetbench.data.shapes.world import draw_picture
from forgetbench.model.quiet import variables_put_back
from forgetbench.ship.export import export_run

PAGE = (Path(__file__).parents[2] / "docs/export.md").read_text("utf-8")
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
#: What the program must do without.
ABSENT = "import sys\nsys.modules.update(dict.fromkeys(['forgetbench', 'torch', 'ultralytics']))\n"


def test_the_program_finds_what_ultralytics_finds(small_run: Path, tmp_path: Path) -> None:
    made = export_run(small_run, tmp_path / "mine.onnx", arm="10", attach="freeze-point")
    with variables_put_back():
        model = YOLO(made.path, task="detect")
    (tmp_path / "program.py").write_text(ABSENT + PROGRAM, "utf-8")
    for index in range(3):
        photo = tmp_path / f"{index}.png"
        cv2.imwrite(str(photo), draw_picture("general", 256, 0, "evaluate", index).pixels)
        done = subprocess.run(
            [sys.executable, "program.py", photo.name], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        found = [line(text) for text in done.stdout.splitlines()]
        boxes = model.predict(photo, imgsz=128, conf=0.25, iou=0.7, verbose=False)[0].boxes
        corners = [[x, y, right - x, bottom - y] for x, y, right, bottom in boxes.xyxy.tolist()]
        names = [made.classes.names[int(number)] for number in boxes.cls]
        assert sorted(name for name, _, _ in found) == sorted(names)
        expected = list(zip(names, boxes.conf.tolist(), corners, strict=True))
        for name, score, box in found:
            same = [one for one in expected if one[0] == name]
            other = min(same, key=lambda one: abs(one[2][0] - box[0]) + abs(one[2][1] - box[1]))
            assert score == pytest.approx(other[1], abs=0.006)
            assert within(box) == pytest.approx(other[2], abs=1)
    assert found


def within(box: list[float]) -> list[float]:
    """Return a box (left, top, width, height) without what lies outside of the image, as Ultralytics does."""
    left, top, width, height = box
    x, y, right, bottom = (min(max(side, 0), 256) for side in (left, top, left + width, top + height))
    return [x, y, right - x, bottom - y]


def line(text: str) -> tuple[str, float, list[float]]:
    """Return class, score and box (left, top, width, height) of a printed line."""
    name, score, box = re.fullmatch(r"(.+) ([01]\.\d\d) \[(.+)\]", text).groups()  # type: ignore[union-attr]
    return name, float(score), [float(number) for number in box.split(", ")]
