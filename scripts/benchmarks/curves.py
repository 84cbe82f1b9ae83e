"""How time, memory and disk of a run grow with what a suite asks for, and how well `forgetbench check` foretells time.

scripts/bench curves --output FOLDER    prints a table; the chart and all figures go to the folder

Every run is a process of its own on drawn images, so start-up is in each. Along one axis all else stays as it is.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from benchmarks.measure import bytes_under, progress_to_stderr, run_measured
from benchmarks.table import MEBIBYTE, machine, rows
from forgetbench.data.shapes.world import FIGURES
from forgetbench.files import write_json
from forgetbench.model.original import save_original
from forgetbench.plan.models import open_untrained
from forgetbench.report.figures import save_figure
from forgetbench.report.style import COLOURS, chart_style

SHIPPED = "yolov8p-shapes.safetensors"
#: Freeze points of sweeps of each size.
SWEEPS = {1: [22], 2: [22, 0], 4: [22, 15, 10, 0], 8: [22, 21, 18, 15, 12, 8, 4, 0]}
AXES: dict[str, tuple[int | str, ...]] = {
    "freeze points": (1, 2, 4, 8),
    "epochs": (1, 2, 4, 8),
    "reference images": (128, 500, 2000, 5000),
    "model": ("yolov8n", "yolov8s", "yolov8m"),
}


@dataclass(frozen=True)
class Measured:
    """One run: where on which axis, what it took and what was foretold (seconds, bytes)."""

    axis: str
    value: int | str
    wall: float
    foretold: float
    memory: int
    disk: int


def suite_for(axis: str, value: int | str, weights: Path) -> dict[str, Any]:
    """Return the suite of one point; the middle of all axes is two freeze points, two epochs, 128 images."""
    return {
        "name": "curves",
        "model": str(weights / f"{value}.safetensors") if axis == "model" else SHIPPED,
        "target": {"format": "shapes", "world": "fine", "train_images": 96, "evaluate_images": 48},
        "reference": {
            "format": "shapes",
            "world": "general",
            "evaluate_images": value if axis == "reference images" else 128,
        },
        "freeze_points": SWEEPS[int(value)] if axis == "freeze points" else SWEEPS[2],
        "attach_points": ["head"],
        "train": {
            "epochs": value if axis == "epochs" else 2,
            "imgsz": 128, "batch": 16, "nbs": 16, "optimizer": "AdamW", "lr0": 0.001, "warmup_epochs": 1,
        },
    }  # fmt: skip


def measure(folder: Path) -> Iterator[Measured]:
    """Run every point of every axis."""
    classes = tuple(sorted(FIGURES["general"]))
    for name in AXES["model"]:
        save_original(open_untrained(f"{name}.yaml", None, classes), folder / f"{name}.safetensors")
    for axis, values in AXES.items():
        for value in values:
            say = progress_to_stderr(f"{axis} {value}")
            suite = suite_for(axis, value, folder)
            path, output = folder / f"{axis}-{value}.json", folder / f"{axis}-{value}"
            write_json(path, suite)
            foretold_by_check(path)  # draws the images, as a user's data lie there already
            foretold = foretold_by_check(path)
            command = [sys.executable, "-m", "forgetbench", "run", str(path), "--output", str(output), "-v"]
            cost = run_measured(command, folder / f"{axis}-{value}.log", dict(os.environ), say)
            point = Measured(axis, value, cost.wall, foretold, cost.memory, bytes_under(output))
            say(f"{point.wall:.1f} s, foretold {point.foretold:.1f} s, {point.memory / MEBIBYTE:.0f} MiB")
            yield point


def foretold_by_check(suite: Path) -> float:
    """Return the seconds that `forgetbench check` says a run will take."""
    command = [sys.executable, "-m", "forgetbench", "check", str(suite)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"^about (?:(\d+) h )?(?:(\d+) min ?)?(?:(\d+) s)? on", said, re.MULTILINE)
    if found is None:
        raise ValueError(f"no estimate in {said!r}")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(3600 * hours + 60 * minutes + seconds)


def table(points: Sequence[Measured]) -> str:
    """Return all points as Markdown."""
    lines = [
        [
            f"{point.axis}: {point.value}", f"{point.wall:.1f}", f"{point.foretold:.1f}",
            f"{point.foretold / point.wall - 1:+.0%}", f"{point.memory / MEBIBYTE:.0f}", f"{point.disk / MEBIBYTE:.1f}",
        ]
        for point in points
    ]  # fmt: skip
    return rows(["", "wall, s", "foretold, s", "off by", "peak memory, MiB", "disk, MiB"], lines)


def draw(points: Sequence[Measured], folder: Path) -> None:
    """Chart time, memory and disk over each axis."""
    figure, panels = plt.subplots(3, len(AXES), figsize=(12, 7.5), layout="constrained")
    for column, axis in enumerate(AXES):
        mine = [point for point in points if point.axis == axis]
        x = [point.value for point in mine]  # to scale, but for models
        shown = {
            "time, s": {"measured": [p.wall for p in mine], "foretold by check": [p.foretold for p in mine]},
            "peak memory, MiB": {"measured": [p.memory / MEBIBYTE for p in mine]},
            "disk, MiB": {"measured": [p.disk / MEBIBYTE for p in mine]},
        }
        for row, (label, lines) in enumerate(shown.items()):
            panel = panels[row][column]
            for (name, values), colour in zip(lines.items(), COLOURS, strict=False):
                panel.plot(x, values, marker="o", color=colour, label=name)
            panel.set_ylim(0, 1.1 * max(max(values) for values in lines.values()))
            panel.set_xlabel(axis)
            if column == 0:
                panel.set_ylabel(label)
    panels[0][0].legend(frameon=False)
    figure.suptitle("What a run takes, two cores, drawn images of 128 px")
    save_figure(figure, folder, "cost-curves", ["png"])
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench curves", description=str(__doc__))
    parser.add_argument("--output", type=Path, help="folder that the chart and the figures go to")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="forgetbench-curves-") as folder:
        points = list(measure(Path(folder)))
    if given.output:
        with chart_style():
            draw(points, given.output)
        write_json(given.output / "cost-curves.json", [asdict(point) for point in points])
    print(f"{machine()}\n\n{table(points)}")


if __name__ == "__main__":
    main()
