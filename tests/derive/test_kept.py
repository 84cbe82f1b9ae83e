"""Forgetting of some classes, against pycocotools told of these categories alone."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from support.factories import sample
from support.worlds import world

from forgetbench.data.annotations import save_annotations
from forgetbench.data.dataset import Dataset
from forgetbench.derive.catalogue import table
from forgetbench.derive.kept import kept_evidence, kept_intervals
from forgetbench.derive.source import Source
from forgetbench.errors import InputError
from forgetbench.evaluate.detections import Detections, save_detections
from forgetbench.files import write_json
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.suite.measures import KEPT_MEASURES

ARMS = [
    {
        "arm": f"m-freeze{point}-seed0", "model": "m", "freeze_point": point, "strategy": "freeze", "seed": 0,
        "label": label,
    }
    for point, label in ((22, "head"), (10, "neck"))
]  # fmt: skip


def write_run(
    folder: Path, dataset: Dataset, before: Detections, after: Detections, *, resamples: int = 8, **suite: Any
) -> Source:
    """Write a run whose neck arm finds `after` where the original and the head arm find `before`."""
    run = RunFolder(folder)
    save_annotations(run.annotations("reference"), dataset)
    about = {"data": "reference", "settings": {"conf": 0.001, "iou": 0.7}}
    for name, found in (("before", before), ("after", after)):
        save_detections(folder / "detections" / f"{name}.safetensors", found, about)
    rows = [
        {
            "arm": arm, "model": "m", "freeze_point": None, "strategy": None,
            "seed": None if arm == "original" else 0, "epoch": 1, "role": "reference", "attach": "head",
            "head": "one-to-many", "ap": 0.5, "ap50": 0.5, "detections": f"{name}.safetensors",
        }
        for arm, name in (("m-freeze22-seed0", "before"), ("m-freeze10-seed0", "after"), ("original", "before"))
    ]  # fmt: skip
    run.write_table("results.csv", list(rows[0]), rows)
    manifest = {
        "arms": ARMS, "reference_arms": {"m": 22}, "resampling_seed": 0, "claims": [],
        "models": {"m": {"classes": list(dataset.classes)}},
        "suite": {"evaluation": {"resamples": resamples, "scorer": "hotcoco"}, **suite},
    }  # fmt: skip
    write_json(folder / "manifest.json", manifest)
    return Source(run, Silent(), profiles=False)


def by_pycocotools(dataset: Dataset, found: Detections, labels: Sequence[int]) -> dict[str, float | None]:
    """Return AP and AP50 of some categories, None where pycocotools says -1."""
    images = [{"id": number, "width": 160, "height": 150} for number in range(len(dataset.samples))]
    categories = [{"id": label, "name": name} for label, name in enumerate(dataset.classes)]
    boxes: list[dict[str, Any]] = [
        {
            "id": 0, "image_id": number, "category_id": int(label), "bbox": [*box[:2], *(box[2:] - box[:2])],
            "area": float(area), "iscrowd": int(crowd),
        }
        for number, one in enumerate(dataset.samples)
        for box, label, area, crowd in zip(one.boxes, one.classes, one.areas, one.crowd, strict=True)
    ]  # fmt: skip
    corners = found.box.astype(float)
    results = [
        {
            "image_id": int(number), "category_id": int(label), "score": float(score),
            "bbox": [*box[:2], *(box[2:] - box[:2])],
        }
        for number, label, score, box in zip(found.image, found.label, found.score, corners, strict=True)
    ]  # fmt: skip
    with redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": images, "categories": categories,
            "annotations": [{**box, "id": number} for number, box in enumerate(boxes, 1)],
        }  # fmt: skip
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.params.catIds = list(labels)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    ap, ap50 = (None if value == -1 else float(value) for value in evaluation.stats[:2])
    return {"ap_kept": ap, "ap50_kept": ap50}


def worlds() -> list[tuple[int, Dataset, Detections]]:
    """Return worlds of five classes, of which the last never has an object, with many detections."""
    made = ((seed, *world(seed)) for seed in range(150))
    return [(seed, dataset, found) for seed, dataset, found in made if len(dataset.classes) == 5 and len(found) > 50]


@pytest.mark.parametrize("keep", [["a"], ["c", "a"], ["b", "e"], ["e"], ["a", "b", "c", "d", "e"]])
def test_values_are_pycocotools_of_these_categories_alone(keep: list[str], tmp_path: Path) -> None:
    labels, telling, nothing = ["abcde".index(name) for name in keep], 0, 0
    for seed, dataset, before in worlds():
        after = before.of(np.random.default_rng(seed).random(len(before)) < 0.6)
        source = write_run(tmp_path / str(seed), dataset, before, after)
        expected = [by_pycocotools(dataset, found, labels) for found in (before, after)]
        for measure in KEPT_MEASURES:
            original, lost = (one[measure] for one in expected)
            unchanged, changed = kept_intervals(source, keep, measure)
            assert (unchanged.arm, changed.arm) == ("m-freeze22-seed0", "m-freeze10-seed0")
            assert (changed.quantity, changed.measure, changed.attach) == ("forgetting", measure, "head")
            if original is None or lost is None:
                assert (unchanged.value, changed.value, changed.low) == (None, None, None)
                nothing += 1
                continue
            assert unchanged.value == 0
            assert changed.value == pytest.approx(original - lost, abs=1e-9)
            assert changed.low is not None
            telling += abs(original - lost) > 0.01
    assert nothing > 10 if keep == ["e"] else telling > 10


def cats_and_dogs(folder: Path, **suite: Any) -> Source:
    """Return a run on four images with a cat and a dog each; the neck arm finds the dogs of two images only."""
    boxes = [[0, 0, 50, 50], [60, 60, 120, 120]]
    samples = tuple(sample(Path(f"{number}.png"), 160, 150, boxes, [0, 1]) for number in range(4))
    dataset = Dataset("made-up", "val", ("cat", "dog", "emu"), samples, Path())
    image, label = np.repeat(np.arange(4), 2).astype(np.int32), np.tile(np.array([0, 1], np.int16), 4)
    found = Detections(image, label, np.full(8, 0.9, np.float32), np.tile(np.array(boxes, np.float32), (4, 1)))
    return write_run(folder, dataset, found, found.of((label == 0) | (image < 2)), **suite)


#: COCO's precision counts at 51 of 101 recalls where half of all objects are found and nothing else.
LOST = 1 - 51 / 101


@pytest.mark.parametrize(
    ("keep", "lost"), [(["dog"], LOST), (["cat"], 0.0), (["dog", "cat"], LOST / 2), (["emu", "dog"], LOST)]
)
def test_only_kept_classes_that_the_reference_shows_count(tmp_path: Path, keep: list[str], lost: float) -> None:
    source = cats_and_dogs(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    head, neck = kept_intervals(source, keep)
    assert (head.value, head.low, head.high) == (0, 0, 0)
    assert neck.value == pytest.approx(lost)
    assert neck.low is not None
    assert neck.high is not None
    assert neck.low <= lost + 1e-12 <= neck.high + 2e-12
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_without_an_object_of_them_nothing_is_measured(tmp_path: Path) -> None:
    rows = kept_intervals(cats_and_dogs(tmp_path), ["emu"], "ap50_kept")
    assert [(row.value, row.low, row.high) for row in rows] == [(None, None, None)] * 2


def test_without_resamples_there_are_values_and_no_intervals(tmp_path: Path) -> None:
    _, neck = kept_intervals(cats_and_dogs(tmp_path, resamples=0), ["dog"])
    assert neck.value == pytest.approx(LOST)
    assert (neck.low, neck.high) == (None, None)


def test_arms_are_compared_with_each_other(tmp_path: Path) -> None:
    rows = list(kept_evidence(cats_and_dogs(tmp_path), ["dog"]).of_treatments())
    said = [(row.measure, row.treatment, row.against, row.value, row.by_construction) for row in rows]
    assert said[::2] == [
        ("ap_kept", "head", "original", 0.0, True),
        ("ap_kept", "neck", "original", pytest.approx(LOST), False),
        ("ap_kept", "neck", "head", pytest.approx(LOST), False),
    ]
    assert {measure for measure, *_ in said[1::2]} == {"ap50_kept"}


@pytest.mark.parametrize("name", ["intervals.csv", "evidence.csv"])
def test_tables_have_them_last_where_the_suite_keeps_classes(tmp_path: Path, name: str) -> None:
    plain, keeping = (
        cats_and_dogs(tmp_path / folder, **keep) for folder, keep in (("a", {}), ("b", {"keep": ["dog"]}))
    )
    made = table(name)
    assert made.make is not None
    whole, more = (made.text(made.make(source)).splitlines() for source in (plain, keeping))
    assert more[: len(whole)] == whole
    assert len(more) > len(whole)
    assert all(",ap_kept," in line or ",ap50_kept," in line for line in more[len(whole) :])
    assert not any("_kept," in line for line in whole)


def test_a_class_that_the_reference_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^--keep: no such class of the reference.*found 'dgo', did you mean 'dog'"):
        kept_intervals(cats_and_dogs(tmp_path), ["cat", "dgo"], where="--keep")
