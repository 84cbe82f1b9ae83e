"""The three contenders: what each is started with, and where the scores it reports are found."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks.export import forget_label_caches
from benchmarks.measure import bytes_under, run_measured
from benchmarks.work import Work, Written
from forgetbench.device import available_cores
from forgetbench.errors import CorruptRunError
from forgetbench.files import write_json

CONTENDERS = ("plain", "tuned", "forgetbench")
CHECKPOINTS = (".pt", ".safetensors")


@dataclass(frozen=True)
class Score:
    """AP that a contender reports for one checkpoint, as a fraction."""

    freeze_point: int
    epoch: int
    role: str
    ap: float


def script_environment(folder: Path) -> dict[str, str]:
    """Return this process's environment with Ultralytics' settings in a folder of their own, and without a network.

    Ultralytics looks for a font before every validation, drawn or not, and downloads it if need be. It is given one,
    so that no contender waits for a network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", folder / "Arial.ttf")
    ours = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_CONFIG_DIR": str(folder.absolute())}
    return {**os.environ, **ours}


def threads() -> int:
    """Return how many threads PyTorch is to use: OMP_NUM_THREADS if the user set it, else every core."""
    return int(os.environ.get("OMP_NUM_THREADS") or available_cores())


def command(contender: str, work: Work, written: Written, output: Path, device: str = "cpu") -> list[str]:
    """Return how a contender is started; the tuned script knows the CPU alone."""
    if contender == "forgetbench":
        where = ["--output", str(output), "--device", device]
        return [sys.executable, "-m", "forgetbench", "run", str(written.suite), *where, "-v"]
    arguments: dict[str, Any] = {
        "--weights": written.weights,
        "--target": written.target,
        "--reference": written.reference,
        "--output": output,
        "--epochs": work.epochs,
        "--imgsz": work.imgsz,
    }
    if contender == "tuned":
        arguments["--threads"] = threads()
    else:
        arguments["--device"] = device
    named = [str(part) for pair in arguments.items() for part in pair]
    return [sys.executable, "-m", f"benchmarks.{contender}", *named, "--freeze-points", *map(str, work.freeze_points)]


def run_contender(
    contender: str,
    work: Work,
    written: Written,
    output: Path,
    record: Path,
    say: Callable[[str], None],
    device: str = "cpu",
) -> dict[str, Any]:
    """Run one contender from nothing, write what it took and scored to `record`, and return it.

    Raises:
        RunError: it failed.
    """
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    forget_label_caches(written.target.parent)
    forget_label_caches(written.reference.parent)
    environment = script_environment(record.parent / "ultralytics")
    log = record.with_suffix(".log")
    cost = run_measured(command(contender, work, written, output, device), log, environment, say)
    measured = {
        **asdict(cost),
        "disk": bytes_under(output),
        "checkpoints": bytes_under(output, CHECKPOINTS) - detections_bytes(output),
        "warnings": log.read_text(encoding="utf-8", errors="replace").count("NMS time limit"),
        "scores": [asdict(score) for score in reported_scores(contender, output)],
    }
    write_json(record, measured)
    return measured


def detections_bytes(output: Path) -> int:
    """Return the bytes of forgetbench's stored detections, which are safetensors but no checkpoints."""
    return sum(bytes_under(folder, CHECKPOINTS) for folder in output.rglob("detections"))


def reported_scores(contender: str, output: Path) -> list[Score]:
    """Return what a contender says of each checkpoint.

    Raises:
        CorruptRunError: it left no scores.
    """
    if contender != "forgetbench":
        return [Score(**row) for row in json.loads((output / "scores.json").read_text(encoding="utf-8"))]
    table = next(output.rglob("results.csv"), None)
    if table is None:
        raise CorruptRunError("no results.csv", where=output)
    with table.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["arm"] != "original"]
    return [Score(int(row["freeze_point"]), int(row["epoch"]), row["role"], float(row["ap"] or 0)) for row in rows]
