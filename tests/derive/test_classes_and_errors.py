"""The tables of what was forgotten, from a run folder of which it is known what its networks get wrong."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.factories import sample

from forgetbench.data.annotations import save_annotations
from forgetbench.data.dataset import Dataset
from forgetbench.derive.catalogue import table
from forgetbench.derive.classes_and_errors import class_rows, measure_rows
from forgetbench.derive.source import Source
from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.detections import Detections, save_detections
from forgetbench.files import write_json
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.changes import ClassChangeRow
from forgetbench.record.table_files import read_table, rows_of

IMAGES = 8
RESULTS = ["arm", "model", "seed", "epoch", "role", "attach", "head", "detections"]
ARMS = [
    {
        "arm": f"m-freeze{point}-seed0", "model": "m", "freeze_point": point, "strategy": "freeze", "seed": 0,
        "label": label,
    }
    for point, label in ((22, "all-but-head (22)"), (15, "15"))
]  # fmt: skip


def dataset(classes: tuple[str, ...]) -> Dataset:
    """Return images that hold an object of each of two classes."""
    boxes = [[20, 20, 120, 140], [200, 30, 290, 150]]
    samples = tuple(sample(Path(f"{i}.png"), 400, 400, boxes, [0, 1]) for i in range(IMAGES))
    return Dataset("made-up", "val", classes, samples, Path())


def all_right(data: Dataset) -> Detections:
    image = np.repeat(np.arange(IMAGES), 2).astype(np.int32)
    label = np.concatenate([s.classes for s in data.samples]).astype(np.int16)
    box = np.concatenate([s.boxes for s in data.samples]).astype(np.float32)
    return Detections(image, label, np.full(len(image), 0.9, np.float32), box)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Return a run in which freeze point 15 finds class 1 of the reference no more, and learns to name the target's."""
    run = RunFolder(tmp_path)
    target, reference = dataset(("cats", "berry")), dataset(("cat", "dog"))
    right = all_right(reference)
    surest_wrong = np.where(right.label == 1, 0.95, 0.9).astype(np.float32)
    scored = {
        ("original", None, 0, "reference", "head"): right,
        ("m-freeze22-seed0", 0, 1, "reference", "head"): None,
        ("m-freeze15-seed0", 0, 1, "reference", "head"): right.of(right.label == 0),
        ("m-freeze15-seed0", 0, 1, "reference", "freeze-point"): None,
        ("m-freeze22-seed0", 0, 1, "target", None): replace(right, label=0 * right.label, score=surest_wrong),
        ("m-freeze15-seed0", 0, 1, "target", None): replace(right, score=right.score - np.float32(0.4)),
    }
    rows: list[dict[str, Any]] = []
    for index, ((arm, seed, epoch, role, attach), found) in enumerate(scored.items()):
        name = f"{0 if found is None else index}.safetensors"
        if found is not None:
            ordered = found.of(np.lexsort((-found.score, found.image)))
            save_detections(
                tmp_path / "detections" / name, ordered, {"data": role, "settings": {"conf": 0.001, "iou": 0.7}}
            )
        cells = (arm, "m", seed, epoch, role, attach, "one-to-many", name)
        rows.append(dict(zip(RESULTS, cells, strict=True)))
    needed = {"freeze_point": None, "strategy": None, "ap": None, "ap50": None}
    run.write_table("results.csv", [*RESULTS, *needed], [{**row, **needed} for row in rows])
    for role, data in (("target", target), ("reference", reference)):
        save_annotations(run.annotations(role), data)
    manifest = {
        "arms": ARMS,
        "reference_arms": {"m": 22},
        "resampling_seed": 0,
        "suite": {"evaluation": {"resamples": 40}},
        "data": {"target": {"classes": ["cats", "berry"]}, "reference": {"classes": ["cat", "dog"]}},
        "models": {"m": {"classes": ["cat", "dog"]}},
    }
    write_json(tmp_path / "manifest.json", manifest)
    return run


def test_what_changed_and_only_that_is_in_the_tables(folder: RunFolder) -> None:
    written = table("classes.csv")
    written.write(folder, class_rows(Source(folder, Silent())))
    classes = rows_of(read_table(folder.path / "classes.csv", ClassChangeRow), ClassChangeRow)
    assert [(row.role, row.attach, row.treatment, row.name) for row in classes] == [
        ("reference", "head", "15", "cat"), ("reference", "head", "15", "dog"),
        ("target", None, "15", "cats"), ("target", None, "15", "berry"),
    ]  # fmt: skip
    cat, dog, cats, berry = classes
    assert (cat.value, cat.low, cat.high) == (0, 0, 0)
    assert (dog.before, dog.after, dog.value, dog.low, dog.high) == pytest.approx((1, 0, 1, 1, 1))
    assert (cat.shares, cat.shared_with, dog.shares) == ("name", "cats", None)
    assert (cats.shares, cats.shared_with, cats.quantity) == ("name", "cat", "gain")
    assert (berry.before, berry.after, berry.value) == pytest.approx((0, 1, 1))


def test_naming_is_told_from_finding(folder: RunFolder) -> None:
    rows = {(row.role, row.measure): row for row in measure_rows(Source(folder, Silent()))}
    # half of the reference's objects are not found, which no name makes good; the target's only had wrong names
    assert rows["reference", "class_agnostic_ar"].value == pytest.approx(0.5)
    assert rows["reference", "right_class_ap"].value == pytest.approx(0.5)
    assert rows["target", "class_agnostic_ar"].value == pytest.approx(0)
    assert rows["target", "right_class_ap"].value == pytest.approx(0)
    assert rows["target", "error_classification"].before == pytest.approx(0.75)
    assert rows["target", "score_shift"].value == pytest.approx(-0.4)


def test_without_resamples_there_are_values_and_no_intervals(folder: RunFolder) -> None:
    manifest = folder.read_manifest()
    manifest["suite"]["evaluation"]["resamples"] = 0
    write_json(folder.path / "manifest.json", manifest)
    source = Source(folder, Silent())
    classes = list(class_rows(source))
    assert [row.value for row in classes] == pytest.approx([0, 1, 0.5, 1])
    assert {row.low for row in [*classes, *measure_rows(source)]} == {None}


def test_a_missing_file_is_named(folder: RunFolder) -> None:
    (folder.path / "detections" / "2.safetensors").unlink()
    with pytest.raises(CorruptRunError, match=r"2\.safetensors"):
        list(class_rows(Source(folder, Silent())))
