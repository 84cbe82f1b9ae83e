"""Networks at operating points, from a run folder of which it is known what they find with which score."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.factories import sample

from forgetbench.analyse.evidence import MEASURES, EvidenceRow
from forgetbench.analyse.operating import OperatingRow
from forgetbench.data.annotations import save_annotations
from forgetbench.data.dataset import Dataset
from forgetbench.derive import resampling
from forgetbench.derive.source import Source
from forgetbench.derive.tables import table
from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.detections import Detections, save_detections
from forgetbench.evaluate.matching import match
from forgetbench.files import write_json
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.record.tables import read_table, rows_of

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


def write(source: Source, name: str) -> None:
    made = table(name)
    assert made.make is not None
    made.write(source.folder, made.make(source))


def tables(run: RunFolder) -> tuple[list[OperatingRow], Compared]:
    """Return `operating.csv`, and the rows of `evidence.csv` by quantity, measure and treatment."""
    source = Source(run, Silent(), profiles=False)
    for name in ("evidence.csv", "operating.csv"):
        write(source, name)
    evidence = rows_of(read_table(run.path / "evidence.csv"), EvidenceRow)
    compared: Compared = {(row.quantity, row.measure, row.treatment): row for row in evidence if row.against != "15"}
    return rows_of(read_table(run.path / "operating.csv"), OperatingRow), compared


def test_every_row_of_the_results_at_both_points(tmp_path: Path) -> None:
    rows, _ = tables(write_run(tmp_path))
    said = [(row.arm, row.role, row.point, row.right, row.wrong, row.objects) for row in rows]
    assert said == [
        ("m-freeze22-seed0", "target", "0.25", 0, 0, 8), ("m-freeze22-seed0", "target", "best-f1", 0, 0, 8),
        ("m-freeze22-seed0", "reference", "0.25", 8, 8, 8), ("m-freeze22-seed0", "reference", "best-f1", 8, 0, 8),
        ("m-freeze15-seed0", "target", "0.25", 8, 8, 8), ("m-freeze15-seed0", "target", "best-f1", 8, 8, 8),
        ("m-freeze15-seed0", "reference", "0.25", 8, 0, 8), ("m-freeze15-seed0", "reference", "best-f1", 0, 0, 8),
        ("original", "reference", "0.25", 8, 8, 8), ("original", "reference", "best-f1", 8, 0, 8),
    ]  # fmt: skip
    assert [row.threshold for row in rows] == pytest.approx([0.25, (0.8 + 0.4) / 2] * 5)
    assert (rows[-2].recall, rows[-2].precision, rows[-2].f1) == pytest.approx((1.0, 0.5, 2 / 3))
    assert (rows[0].recall, rows[0].precision, rows[0].f1) == (0.0, None, 0.0)
    assert [row.detections for row in rows[-2:]] == ["right.safetensors"] * 2


def test_scores_that_sink_together_are_lost_at_the_originals_threshold(tmp_path: Path) -> None:
    _, compared = tables(write_run(tmp_path))
    assert compared["forgetting", "ap", "15"].value == 0
    lost = compared["forgetting", "recall_at_best_f1", "15"]
    assert (lost.value, lost.low, lost.high) == (1.0, 1.0, 1.0)
    assert compared["forgetting", "precision_at_0.25", "15"].value == -0.5
    assert compared["forgetting", "precision_at_best_f1", "15"].value is None
    gained = compared["gain", "recall_at_0.25", "15"]
    assert (gained.value, gained.low, gained.against) == (1.0, 1.0, "all-but-head (22)")
    assert compared["forgetting", "f1_at_0.25", "all-but-head (22)"].by_construction
    assert {measure for _, measure, _ in compared} == set(MEASURES)


def test_each_network_is_matched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def counted(data: Dataset, detections: Detections) -> object:
        sizes.append(len(detections))
        return match(data, detections)

    monkeypatch.setattr(resampling, "match", counted)
    rows, _ = tables(write_run(tmp_path / "some"))
    assert sorted(sizes) == [0, 16, 16, 16]
    sizes.clear()
    without, compared = tables(write_run(tmp_path / "none", resamples=0))
    assert sorted(sizes) == [0, 8, 16, 16]  # of what sank, only what lies above 0.25
    assert without == rows
    lost = compared["forgetting", "recall_at_best_f1", "15"]
    assert (lost.value, lost.low, lost.high) == (1.0, None, None)


def test_what_was_not_kept_cannot_be_counted(tmp_path: Path) -> None:
    rows, compared = tables(write_run(tmp_path, conf=0.3))
    at_fixed = [row for row in rows if row.point == "0.25"]
    assert {(row.threshold, row.recall, row.f1, row.right, row.objects) for row in at_fixed} == {(None,) * 4 + (8,)}
    assert compared["forgetting", "recall_at_0.25", "15"].value is None
    assert compared["forgetting", "recall_at_best_f1", "15"].value == 1.0


def test_an_original_that_finds_nothing_has_no_best_f1(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    path = tmp_path / "detections" / "right.safetensors"
    about = {"data": "reference", "settings": {"conf": 0.001, "iou": 0.7}}
    save_detections(path, found(0.9).of(np.arange(1, 2 * IMAGES, 2)), about)
    rows, compared = tables(run)
    assert {(row.threshold, row.recall, row.wrong) for row in rows if row.point == "best-f1"} == {(None, None, None)}
    assert compared["gain", "f1_at_best_f1", "15"].value is None
    assert compared["gain", "f1_at_0.25", "15"].value == pytest.approx(2 / 3)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    (tmp_path / "detections" / "sunk.safetensors").unlink()
    with pytest.raises(CorruptRunError, match=r"sunk\.safetensors"):
        write(Source(run, Silent()), "operating.csv")
    assert not (tmp_path / "operating.csv").exists()
