"""Other formats of a run's detectors beside the `.pt`: how far boxes and scores differ on square canvases.

scripts/bench formats RUN --attach head 18 15 freeze-point
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from benchmarks.measure import progress_to_stderr
from benchmarks.taken_home import exported_files
from forgetbench.data.dataset import Dataset, Sample
from forgetbench.device import image_batch
from forgetbench.evaluate.letterbox import batches
from forgetbench.model.convert import convert
from forgetbench.ship.file_check import Runtime
from forgetbench.ship.formats import PT, find_format
from forgetbench.ship.runtimes import opened

#: Name of a format, and whether it has float16 numbers.
Kind = tuple[str, bool]
KINDS: tuple[Kind, ...] = (("onnx", False), ("openvino", False), ("torchscript", False), ("onnx", True))
#: Images of each dataset.
IMAGES = 12
#: Below this score no box is looked at.
CONF = 0.001


@dataclass(frozen=True)
class Difference:
    """The largest differences of a file's output from that of the `.pt`.

    Attributes:
        pixels: Of a box's centre or size, in pixels of the canvas, where a class scores above `CONF`.
        score: Of any class score.
    """

    pixels: float
    score: float


def difference(file: Runtime, other: Runtime, images: Sequence[torch.Tensor]) -> Difference:
    """Return how far two files differ on canvases (1, 3, H, W), both with one-to-many heads."""
    pixels = score = 0.0
    with torch.inference_mode():
        for image in images:
            (found,), (expected,) = file(image), other(image)  # (4 + classes, anchors), boxes first
            seen = expected[4:].amax(0) > CONF
            apart = (found - expected).abs()
            pixels = max(pixels, float(apart[:4, seen].max())) if seen.any() else pixels
            score = max(score, float(apart[4:].max()))
    return Difference(pixels, score)


def markdown(found: Sequence[tuple[str, str, Kind, Difference]]) -> str:
    """Return a table of arms, attach points and formats."""
    lines = ["| arm | attach | format | boxes, px | scores |", "| --- | --- | --- | --: | --: |"]
    for label, attach, (name, half), one in found:
        called = f"{name}, float16" if half else name
        lines.append(f"| {label} | {attach} | {called} | {one.pixels:.2g} | {one.score:.2g} |")
    for kind in dict.fromkeys(kind for _, _, kind, _ in found):
        mine = [one for _, _, other, one in found if other == kind]
        worst = f"{max(one.pixels for one in mine):.2g} px, {max(one.score for one in mine):.2g} of score"
        lines.append(f"\nLargest of {kind[0]}{', float16' if kind[1] else ''}: {worst}.")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare all, and print the table."""
    say, found = progress_to_stderr("formats"), []
    for plan, made in exported_files("benchmarks.formats", __doc__, arguments):
        imgsz, arm = plan.settings().imgsz, made.choice.arm
        datasets = (plan.target.evaluate, plan.reference[arm["model"]])
        images = [image for dataset in datasets for image in canvases(dataset, imgsz)]
        for name, half in KINDS:
            other = convert(made.path, name, imgsz=imgsz, one_to_one=False, half=half, about="")
            runtime = opened(other, find_format(other, name)[0])
            one = difference(runtime, opened(made.path, PT), images)
            found.append((arm["label"], made.choice.attach or "", (name, half), one))
            say(f"{found[-1]}")
    print(markdown(found))
    return 0


def canvases(dataset: Dataset, imgsz: int) -> list[torch.Tensor]:
    """Return the first images as square canvases (1, 3, H, W) in [0, 1]."""
    first: tuple[Sample, ...] = dataset.samples[:IMAGES]
    made = batches(first, imgsz=imgsz, stride=32, shape="square", batch=1)
    return [image_batch(batch.pixels, torch.device("cpu")) for batch in made]


if __name__ == "__main__":
    sys.exit(main())
