"""Small datasets on disk, in the layouts that readers take."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np


def write_image(path: Path, width: int = 100, height: int = 50) -> Path:
    """Write an image of one colour, which its path decides: images of other names have other content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = list(hashlib.sha256(str(path).encode()).digest()[:3])
    assert cv2.imwrite(str(path), np.full((height, width, 3), colour, dtype=np.uint8))
    return path


def write_yolo(root: Path, files: Mapping[str, str | None], images: str = "images", labels: str = "labels") -> Path:
    """Write images of 100 x 50 pixels with their label files; no label file where the text is None."""
    for name, text in files.items():
        image = write_image(root / images / name)
        if text is not None:
            label = root / labels / f"{image.stem}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text(text)
    return root


def write_coco(
    root: Path,
    images: Sequence[Mapping[str, Any]],
    annotations: Sequence[Mapping[str, Any]],
    categories: Mapping[int, str],
    file: str = "annotations.json",
) -> Path:
    """Write an instances JSON."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = [{"id": key, "name": name} for key, name in categories.items()]
    path.write_text(json.dumps({"images": list(images), "annotations": list(annotations), "categories": listed}))
    return path


def voc_object(name: str, xmin: object, ymin: object, xmax: object, ymax: object) -> str:
    """Return an object element."""
    box = f"<xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax>"
    return f"<object><name>{name}</name><bndbox>{box}</bndbox></object>"


def write_voc(
    root: Path, stem: str, *objects: str, size: tuple[int, int] = (100, 50), xml: str | None = None, image: bool = True
) -> None:
    """Write one annotated image of 100 x 50 pixels; `size` is what the XML says of it."""
    if image:
        write_image(root / "JPEGImages" / f"{stem}.png")
    path = root / "Annotations" / f"{stem}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    stated = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    path.write_text(xml if xml is not None else f"<annotation>{stated}{''.join(objects)}</annotation>")


def write_list(root: Path, part: str, *lines: str) -> None:
    """Write a VOC list."""
    path = root / "ImageSets" / "Main" / f"{part}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def tree(folder: Path) -> dict[str, int]:
    """Return every path under a folder with its time of change."""
    return {str(path): path.lstat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
