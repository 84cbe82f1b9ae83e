"""What all contenders are told alike; nothing heavy is imported here."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

#: What every training is run with.
TRAINING: dict[str, Any] = {
    "batch": 16, "optimizer": "AdamW", "lr0": 0.001, "warmup_epochs": 1, "warmup_bias_lr": 0.0, "seed": 0,
    "save_period": 1, "plots": False, "device": "cpu",
}  # fmt: skip
#: What every validation is run with: square canvases, COCO's usual thresholds.
VALIDATION: dict[str, Any] = {
    "batch": 16, "conf": 0.001, "iou": 0.7, "max_det": 300, "rect": False, "plots": False, "device": "cpu",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what both baselines are told."""
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--target", type=Path, required=True, help="data.yaml with train and val")
    parser.add_argument("--reference", type=Path, required=True, help="data.yaml of COCO images")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--freeze-points", type=int, nargs="+", default=[22, 15, 10, 0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--imgsz", type=int, default=320)
