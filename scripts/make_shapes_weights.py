"""Train the original that suites/quickstart.yaml starts from, and write it where it is shipped.

    .venv/bin/python scripts/make_shapes_weights.py

The small YOLOv8 of forgetbench/model/architectures/yolov8p.yaml, trained from random weights on the shapes world's
general part. Run it again whenever the drawing or the architecture changes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from forgetbench.cli.console import ConsoleProgress
from forgetbench.data.load import load_data
from forgetbench.device import keep_freed_memory, pick_device, use_all_cores
from forgetbench.model.original import save_original
from forgetbench.plan.models import SHIPPED
from forgetbench.plan.pretraining import pretrain_original
from forgetbench.suite.load import load_suite

SUITE = Path(__file__).parents[1] / "suites" / "quickstart.yaml"
PRETRAIN = (
    "model=yolov8p.yaml",
    "reference.train_images=3000",
    "pretrain={epochs: 40, optimizer: AdamW, lr0: 0.002, imgsz: 128, batch: 32, warmup_bias_lr: 0.1}",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("-o", "--output", type=Path, default=SHIPPED / "weights" / "yolov8p-shapes.safetensors")
    arguments = parser.parse_args()
    use_all_cores()
    keep_freed_memory()
    suite = load_suite(SUITE, [*PRETRAIN, *arguments.overrides]).suite
    data = load_data(suite.reference, role="reference", suite_folder=None, with_train=True)
    progress = ConsoleProgress(Console(), quiet=False, verbose=True)
    original = pretrain_original("yolov8p.yaml", None, suite, data.train or data.evaluate, pick_device(), progress)
    save_original(original, arguments.output)
    print(arguments.output, f"{arguments.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
