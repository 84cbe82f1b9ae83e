"""A finished run that is small and yet has learnt and forgotten something, and changes of single values in it."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

import forgetbench
from forgetbench.files import sha256_file
from forgetbench.record.seal import files_in, write_seal

Arrays = dict[str, NDArray[Any]]


def small_suite(**changes: Any) -> dict[str, Any]:
    """Return a suite that the shipped weights make a few seconds of work of, with claims."""
    claim = {"says": "little is lost", "source": "p. 1"}
    return {
        "name": "small",
        "model": "yolov8p-shapes.safetensors",
        "target": {"format": "shapes", "world": "fine", "train_images": 16, "evaluate_images": 6},
        "reference": {"format": "shapes", "world": "general", "evaluate_images": 8},
        "freeze_points": ["all-but-head", "backbone"],
        "train": {
            "epochs": 2, "imgsz": 128, "batch": 8, "nbs": 8, "optimizer": "AdamW", "lr0": 0.005, "warmup_epochs": 0,
        },
        "evaluation": {"max_det": 100, "resamples": 100},
        "claims": [
            {**claim, "name": "kept", "quantity": "forgetting", "attach": "head", "below": 0.01},
            {**claim, "name": "cheap", "quantity": "memory", "below": 0.9},
        ],
        **changes,
    }  # fmt: skip


def make_small_run(output: Path) -> Path:
    """Make the run and return its folder."""
    return forgetbench.run(small_suite(), output=output).path


def copy_of(run: Path, into: Path) -> Path:
    """Return a copy of a run that may be changed."""
    return Path(shutil.copytree(run, into / run.name))


def runs_folder(run: Path, output: Path) -> Path:
    """Return a copy of the small run where its suite finds it in a folder of runs."""
    return Path(shutil.copytree(run, output / run.parent.name / run.name))


def copy_of_tiny_run(run: Path, folder: Path) -> Path:
    """Return a copy of the run of `tiny_suite` as it is where that suite is written to `folder` and run to `runs`."""
    shutil.copytree(run.parents[2], folder, dirs_exist_ok=True)
    return folder / run.relative_to(run.parents[2])


def seal(run: Path) -> None:
    """Seal whatever lies in a run's folder, as who changes it can."""
    write_seal(run, {name: sha256_file(run / name) for name in files_in(run)})


def change_cell(path: Path, column: str, where: Mapping[str, str], change: Callable[[str], str]) -> None:
    """Change one cell of a CSV file, in the first row that has these cells and a value in the column."""
    with path.open(newline="", encoding="utf-8") as file:
        columns, *rows = csv.reader(file)
    for row in rows:
        cells = dict(zip(columns, row, strict=True))
        if all(cells[name] == value for name, value in where.items()) and cells[column]:
            row[columns.index(column)] = change(cells[column])
            break
    else:
        raise AssertionError(f"no such row in {path.name}: {where}")
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def last_digit(text: str) -> str:
    """Return a number with another last digit."""
    return text[:-1] + ("1" if text[-1] != "1" else "2")


def one_more(text: str) -> str:
    return str(int(text) + 1)


def change_json(path: Path, change: Callable[[Any], None]) -> None:
    """Change a JSON file in place."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def change_tensors(path: Path, change: Callable[[Arrays, dict[str, Any]], None]) -> None:
    """Change a safetensors file in place: its arrays, and its description."""
    with safe_open(path, framework="np") as file:
        about = json.loads(file.metadata()["forgetbench"])
        arrays: Arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(arrays, about)
    save_file(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()},
        path,
        {"forgetbench": json.dumps(about, sort_keys=True)},
    )


def original_detections(run: Path) -> Path:
    """Return the detections of the original, which are good."""
    with (run / "results.csv").open(newline="", encoding="utf-8") as file:
        return run / "detections" / next(csv.DictReader(file))["detections"]


def checkpoint(run: Path) -> Path:
    return sorted((run / "checkpoints").rglob("*.safetensors"))[0]
