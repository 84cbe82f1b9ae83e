"""Small models and datasets that tests are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import yaml

from forgetbench.data.dataset import Dataset, Sample
from forgetbench.files import sha256_file
from forgetbench.model import yolo
from forgetbench.model.original import Original, make_original
from forgetbench.suite.train_section import Train

CLASSES = ("disc", "box", "bar")
#: Stands for the hash of an image that is not there.
NO_FILE = "0" * 64


#: Families that Ultralytics trains for detection, and the share of their full width they are tested at: attention
#: blocks need a least width, and YOLOv9's is written into its files.
FAMILIES = {
    "yolov5": 0.0625, "yolov8": 0.0625, "yolov9": None, "yolov10": 0.125, "yolo11": 0.0625, "yolo12": 0.25,
    "yolo26": 0.0625,
}  # fmt: skip


def tiny_architecture(family: str = "yolov8") -> yolo.Architecture:
    """Return Ultralytics' architecture at a fraction of its width."""
    width = FAMILIES[family]
    architecture = yolo.read_architecture(Path(f"{family}{'t' if width is None else 'n'}.yaml"))
    if width is not None:
        depth, _, most = architecture["scales"]["n"]
        architecture["scales"] = {"n": [depth, width, most]}
    return architecture


def tiny_original(family: str = "yolov8", classes: Sequence[str] = CLASSES, seed: int = 0) -> Original:
    """Return an original with random weights whose BatchNorm statistics are those of noise images.

    With the initial statistics the signal dies out on its way, and every trunk would give the head the same nothing.
    """
    architecture = tiny_architecture(family)
    model = yolo.build(architecture, len(classes), seed=seed)
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    usual = norms[0].momentum
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.rand(8, 3, 64, 64, generator=torch.Generator().manual_seed(seed)))
    for norm in norms:
        norm.momentum = usual
    model.eval()
    return make_original(f"tiny-{family}", architecture, classes, model.state_dict(), where="test")


def sample(image: Path, width: int, height: int, boxes: Sequence[Sequence[float]], classes: Sequence[int]) -> Sample:
    """Return a sample whose areas are its boxes', and its hash the file's where there is one."""
    xyxy = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    return Sample(
        image=image,
        width=width,
        height=height,
        boxes=xyxy,
        classes=np.array(classes, dtype=np.int64),
        crowd=np.zeros(len(xyxy), dtype=np.bool_),
        areas=(xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1]),
        sha256=sha256_file(image) if image.is_file() else NO_FILE,
    )


def drawn_dataset(folder: Path, count: int = 8, sizes: Sequence[tuple[int, int]] = ((64, 48), (48, 64))) -> Dataset:
    """Draw images (width, height in turn from `sizes`) with one filled rectangle each, and return them as a dataset."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(7)
    samples = []
    for index in range(count):
        width, height = sizes[index % len(sizes)]
        image = generator.integers(0, 80, (height, width, 3), dtype=np.uint8)
        x1, y1 = (int(v) for v in generator.integers(2, 16, 2))
        x2, y2 = x1 + int(generator.integers(12, 24)), y1 + int(generator.integers(12, 24))
        label = index % len(CLASSES)
        image[y1:y2, x1:x2] = np.array([(250, 60, 60), (60, 250, 60), (60, 60, 250)][label], dtype=np.uint8)
        path = folder / f"{index:03d}.png"
        cv2.imwrite(str(path), image)
        samples.append(sample(path, width, height, [[x1, y1, x2, y2]], [label]))
    return Dataset("drawn", "train", CLASSES, tuple(samples), folder)


def quick_train(**changes: Any) -> Train:
    """Return training settings small enough for a test."""
    settings: dict[str, Any] = {
        "epochs": 2, "optimizer": "AdamW", "lr0": 0.002, "imgsz": 64, "batch": 4, "nbs": 4, "warmup_epochs": 1.0,
    }  # fmt: skip
    return Train(**{**settings, **changes})


def tiny_suite(folder: Path, family: str = "yolov8", **changes: Any) -> dict[str, Any]:
    """Return a suite on the shapes world that runs in seconds; its architecture is written into `folder`.

    Keys of `changes` replace the suite's; mappings are merged one level deep.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / f"tiny-{family}.yaml"
    model.write_text(yaml.safe_dump(tiny_architecture(family)), encoding="utf-8")
    suite: dict[str, Any] = {
        "name": "tiny",
        "model": str(model),
        "target": {"format": "shapes", "world": "fine", "size": 64, "train_images": 8, "evaluate_images": 4},
        "reference": {"format": "shapes", "world": "general", "size": 64, "train_images": 16, "evaluate_images": 6},
        "freeze_points": ["all-but-head", "backbone", "none"],
        "train": {"epochs": 2, "imgsz": 64, "batch": 4, "nbs": 4, "optimizer": "AdamW", "lr0": 0.002},
        "pretrain": {"epochs": 2, "batch": 8, "lr0": 0.005},
        "evaluation": {"batch": 4, "max_det": 50},
    }
    for key, value in changes.items():
        suite[key] = {**suite.get(key, {}), **value} if isinstance(value, dict) else value
    return suite


def written_suite(folder: Path, family: str = "yolov8", **changes: Any) -> Path:
    """Write `tiny_suite` as a file and return its path."""
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny_suite(folder, family, **changes), sort_keys=False), encoding="utf-8")
    return path
