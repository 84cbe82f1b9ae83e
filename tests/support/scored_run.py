"""A run folder of which it is known what its networks find, with which score."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from support.factories import sample

from forgetbench.data.annotations import save_annotations
from forgetbench.data.dataset import Dataset
from forgetbench.derive.catalogue import table
from forgetbench.derive.source import Source
from forgetbench.evaluate.detections import Detections, save_detections
from forgetbench.files import write_json
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.record.rows.scores import OperatingRow
from forgetbench.record.table_files import read_table, rows_of

#: Rows of `evidence.csv` by quantity, measure and treatment.
Compared = dict[tuple[str, str, str], EvidenceRow]

IMAGES = 8
ARMS = [
    {
        "arm": f"m-freeze{point}-seed0", "model": "m", "freeze_point": point, "strategy": "freeze", "seed": 0,
        "label": label,
    }
    for point, label in ((22, "all-but-head (22)"), (15, "15"))
]  # fmt: skip
COLUMNS = ["arm", "seed", "epoch", "role", "attach", "detections"]


def found(score: float, low: float = 0.1) -> Detections:
    """Return a detection on the object of every image, and a false alarm with a low score."""
    image = np.repeat(np.arange(IMAGES), 2).astype(np.int32)
    box = np.tile(np.array([[20, 20, 120, 140], [200, 200, 220, 220]], np.float32), (IMAGES, 1))
    return Detections(image, np.zeros(len(image), np.int16), np.tile(np.array([score, low], np.float32), IMAGES), box)


def write_run(folder: Path, *, conf: float = 0.001, resamples: int = 40) -> RunFolder:
    """Write a run whose arm 15 ranks the reference's objects as the original does, with half the score."""
    run = RunFolder(folder)
    nothing = found(0.9).of(np.zeros(0, np.int64))
    files = {"right": found(0.8, 0.4), "sunk": found(0.4, 0.2), "surer": found(0.9, 0.7), "nothing": nothing}
    for name, detections in files.items():
        role = "target" if name in ("surer", "nothing") else "reference"
        about = {"data": role, "settings": {"conf": conf, "iou": 0.7}}
        save_detections(folder / "detections" / f"{name}.safetensors", detections, about)
    rows = [
        ("m-freeze22-seed0", 0, 1, "target", None, "nothing"),
        ("m-freeze22-seed0", 0, 1, "reference", "head", "right"),
        ("m-freeze15-seed0", 0, 1, "target", None, "surer"),
        ("m-freeze15-seed0", 0, 1, "reference", "head", "sunk"),
        ("original", None, 0, "reference", "head", "right"),  # last here: its threshold is everyone's all the same
    ]
    named = [dict(zip(COLUMNS, (*row[:-1], f"{row[-1]}.safetensors"), strict=True)) for row in rows]
    others: dict[str, Any] = {
        "model": "m", "head": "one-to-many", "freeze_point": None, "strategy": None, "ap": 0.5, "ap50": 0.5,
    }  # fmt: skip
    run.write_table("results.csv", [*COLUMNS, *others], [row | others for row in named])
    samples = tuple(sample(Path(f"{i}.png"), 400, 400, [[20, 20, 120, 140]], [0]) for i in range(IMAGES))
    for role in ("target", "reference"):
        dataset = replace(Dataset("made-up", "val", ("cat",), samples, Path()), split=role)
        save_annotations(run.annotations(role), dataset)
    manifest = {
        "arms": ARMS, "reference_arms": {"m": 22}, "resampling_seed": 0, "claims": [],
        "suite": {"evaluation": {"resamples": resamples}},
    }  # fmt: skip
    write_json(folder / "manifest.json", manifest)
    return run


def write_table(source: Source, name: str) -> None:
    """Make a table of a run and write it."""
    made = table(name)
    assert made.make is not None
    made.write(source.folder, made.make(source))


def tables(run: RunFolder) -> tuple[list[OperatingRow], Compared]:
    """Return `operating.csv`, and the rows of `evidence.csv` by quantity, measure and treatment."""
    source = Source(run, Silent(), profiles=False)
    for name in ("evidence.csv", "operating.csv"):
        write_table(source, name)
    evidence = rows_of(read_table(run.path / "evidence.csv", EvidenceRow), EvidenceRow)
    compared: Compared = {(row.quantity, row.measure, row.treatment): row for row in evidence if row.against != "15"}
    return rows_of(read_table(run.path / "operating.csv", OperatingRow), OperatingRow), compared
