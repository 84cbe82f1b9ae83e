"""Every arm of a run under several attach points as a file, in plain Ultralytics: its AP beside the run's.

scripts/bench taken_home RUN --attach head 18 15 freeze-point
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.export import export
from benchmarks.measure import progress_to_stderr
from forgetbench.data.dataset import Dataset
from forgetbench.device import pick_device
from forgetbench.files import write_json, write_text
from forgetbench.plan.plan import Plan
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.ship.export import Exported, export_run
from forgetbench.sweep.reproduce import plan_again

#: Ultralytics' own limit of detections per image, and ones that leave more room to classes of both sides.
LIMITS = (300, 1000, 3000)
_CHILD = Path(__file__).with_name("plain_validation.py")


@dataclass(frozen=True)
class Checked:
    """A file's AP, fractions: the run's on target and reference, and plain Ultralytics' by role and limit."""

    label: str
    attach: str
    run: dict[str, float]
    plain: dict[str, float]


def truth_of(dataset: Dataset, outputs: Sequence[int], classes: Sequence[str]) -> dict[str, Any]:
    """Return a dataset's boxes as COCO's annotations, its classes as outputs of a combined detector.

    Args:
        dataset: Boxes xyxy in pixels.
        outputs: Which output each of its classes is.
        classes: Names of all outputs.
    """
    boxes: list[dict[str, Any]] = []
    for index, sample in enumerate(dataset.samples):
        for (x, y, right, bottom), label, crowd, area in zip(
            sample.boxes.tolist(), sample.classes, sample.crowd, sample.areas, strict=True
        ):
            boxes.append(
                {"id": len(boxes) + 1, "image_id": index, "category_id": outputs[int(label)], "area": float(area),
                 "bbox": [x, y, right - x, bottom - y], "iscrowd": int(crowd)}
            )  # fmt: skip
    categories = [{"id": number, "name": name} for number, name in enumerate(classes)]
    images = [{"id": index} for index in range(len(dataset.samples))]
    return {"images": images, "annotations": boxes, "categories": categories}


def exported_files(program: str, says: str, arguments: Sequence[str] | None) -> Iterator[tuple[Plan, Exported]]:
    """Yield the detectors of a run that a command line asks for, in a folder each that is gone afterwards."""
    made = argparse.ArgumentParser(prog=program, description=says.partition("\n")[0])
    made.add_argument("run", type=Path, metavar="RUN", help="a finished run's folder")
    made.add_argument("--attach", nargs="+", default=["head", "freeze-point"], help="attach points (%(default)s)")
    given = made.parse_args(arguments)
    manifest = RunFolder(given.run).read_manifest()
    plan = plan_again(manifest, given.run, (), pick_device("cpu"), Silent())
    for arm in manifest["arms"]:
        for attach in given.attach:
            with tempfile.TemporaryDirectory(prefix="forgetbench-bench-") as place:
                yield plan, export_run(given.run, Path(place) / "mine.pt", arm=arm["arm"], attach=attach)


def check(plan: Plan, made: Exported) -> Checked:
    """Validate a file of a run in a process of its own."""
    folder = made.path.parent
    names = dict(enumerate(made.classes.names))
    datasets = {
        "target": (plan.target.evaluate, made.classes.target),
        "reference": (plan.reference[made.choice.arm["model"]], made.classes.reference),
    }
    work: dict[str, Any] = {"weights": str(made.path), "imgsz": plan.settings().imgsz, "max_det": LIMITS, "data": {}}
    for role, (dataset, outputs) in datasets.items():
        data = export({"val": dataset}, folder / "data" / role)
        write_text(data, yaml.safe_dump({**yaml.safe_load(data.read_text(encoding="utf-8")), "names": names}))
        truth = folder / f"{role}.json"
        write_json(truth, truth_of(dataset, outputs, made.classes.names))
        work["data"][role] = {"yaml": str(data), "truth": str(truth), "categories": sorted(set(outputs))}
    write_json(folder / "work.json", work)
    subprocess.run([sys.executable, str(_CHILD), str(folder / "work.json")], check=True, capture_output=True)
    plain = json.loads((folder / "ap.json").read_text(encoding="utf-8"))
    known = {role: score for role, score in made.choice.scores.items() if score is not None and role in datasets}
    return Checked(made.choice.arm["label"], made.choice.attach or "", known, plain)


def markdown(found: Sequence[Checked]) -> str:
    """Return a table: AP in points, by role the run's and plain Ultralytics' under each limit."""
    header = ["arm", "attach"]
    for role in ("target", "reference"):
        header += [f"{role}: run", *(f"max_det {limit}" for limit in LIMITS)]
    lines = [header, ["---"] * 2 + ["--:"] * (len(header) - 2)]
    for one in found:
        cells = [one.label, one.attach]
        for role in ("target", "reference"):
            cells += [f"{100 * one.run[role]:.2f}", *(f"{100 * one.plain[f'{role} {limit}']:.2f}" for limit in LIMITS)]
        lines.append(cells)
    rooms = [max(abs(one.plain[f"{role} {LIMITS[-1]}"] - one.run[role]) for one in found) for role in found[0].run]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\nLargest difference from the run with max_det {LIMITS[-1]}: {100 * max(rooms):.3f} points."


def main(arguments: Sequence[str] | None = None) -> int:
    """Check all, and print the table."""
    say, found = progress_to_stderr("taken home"), []
    for plan, made in exported_files("benchmarks.taken_home", __doc__, arguments):
        found.append(check(plan, made))
        say(f"{found[-1].label}, {found[-1].attach}: {found[-1].run} {found[-1].plain}")
    print(markdown(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
