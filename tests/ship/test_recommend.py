"""Which detector of a run is recommended, from its tables and detections."""

from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from support.finished_run import change_cell, copy_of, seal

from forgetbench.data.annotations import load_annotations
from forgetbench.errors import CorruptRunError, InputError
from forgetbench.evaluate.detections import load_detections
from forgetbench.record.folder import RunFolder
from forgetbench.ship.recommend import recommend_from


def test_nothing_may_be_forgotten(small_run: Path) -> None:
    advice = recommend_from(small_run, max_forgetting=0)
    assert advice.found.verdict == "met"
    assert advice.found.best.forgetting.high == 0
    assert advice.candidates == 2 * 2 * 2  # arms, epochs, attach points
    assert (advice.images, advice.seeds, advice.keep, advice.several_heads) == (8, 1, None, False)


def test_of_those_within_the_bounds_none_gains_more(small_run: Path) -> None:
    run = RunFolder(small_run)
    best = recommend_from(small_run).found.best
    results = run.results()
    target = results[results["role"] == "target"].set_index(["arm", "epoch"])["ap"]
    assert target[best.arm, best.epoch] == target.max()


def test_operations_are_those_of_the_price(small_run: Path) -> None:
    everything = recommend_from(small_run, max_gflops=1000)
    flops = everything.found.best.flops
    assert flops is not None
    assert recommend_from(small_run, max_gflops=flops / 1e9).found.verdict == "met"
    found = recommend_from(small_run, max_gflops=0.000001)
    assert found.found.verdict == "impossible"
    assert found.bounds.excess(found.found.best)[1] > 0


def test_a_run_that_did_not_count_operations_is_counted(small_run: Path, tmp_path: Path) -> None:
    copy = copy_of(small_run, tmp_path)
    for name in ("modules.csv", "price.csv"):
        (copy / name).unlink()
    seal(copy)
    assert recommend_from(copy).found.best.flops is None
    assert recommend_from(copy, max_gflops=1000) == recommend_from(small_run, max_gflops=1000)


def coco_ap(run: RunFolder, file: str, categories: list[int]) -> float:
    """Return AP over some categories as pycocotools has it."""
    detections, about = load_detections(run.detections_called(file))
    dataset = load_annotations(run.annotations(about["data"]))
    truth, number = COCO(), 0
    truth.dataset = {"images": [], "annotations": [], "categories": [{"id": i} for i in range(len(dataset.classes))]}
    for index, sample in enumerate(dataset.samples):
        truth.dataset["images"].append({"id": index})
        for box, label, crowd, area in zip(sample.boxes, sample.classes, sample.crowd, sample.areas, strict=True):
            number += 1
            x, y, right, bottom = map(float, box)
            truth.dataset["annotations"].append(
                {"id": number, "image_id": index, "category_id": int(label), "bbox": [x, y, right - x, bottom - y],
                 "area": float(area), "iscrowd": int(crowd)}
            )  # fmt: skip
    truth.createIndex()
    rows = [
        [image, box[0], box[1], box[2] - box[0], box[3] - box[1], score, label]
        for image, box, score, label in zip(
            detections.image, detections.box.astype(float), detections.score, detections.label, strict=True
        )
    ]
    found = COCOeval(truth, truth.loadRes(np.array(rows, dtype=np.float64)), "bbox")
    found.params.catIds = categories
    found.evaluate()
    found.accumulate()
    precision = found.eval["precision"][:, :, :, 0, 2]
    return float(precision[precision > -1].mean())


def test_forgetting_of_the_classes_kept_is_that_of_pycocotools(small_run: Path) -> None:
    run = RunFolder(small_run)
    manifest = run.read_manifest()
    (model,) = manifest["models"].values()
    dataset = load_annotations(run.annotations(manifest["identity"]["reference"][next(iter(manifest["models"]))]))
    labels = sorted({int(label) for sample in dataset.samples for label in sample.classes})[:3]
    advice = recommend_from(small_run, keep=[model["classes"][label] for label in labels])
    best, results = advice.found.best, run.results()
    original = results[results["arm"] == "original"]["detections"].item()
    mine = results[(results["arm"] == best.arm) & (results["epoch"] == best.epoch) & (results["attach"] == best.attach)]
    expected = coco_ap(run, original, labels) - coco_ap(run, mine["detections"].item(), labels)
    assert best.forgetting.value == pytest.approx(expected, abs=1e-9)


def test_what_cannot_be_looked_for_is_refused(small_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such class"):
        recommend_from(small_run, keep=["unicorn"])
    with pytest.raises(InputError, match="not measured over some of the classes"):
        recommend_from(small_run, keep=["disc"], measure="recall_at_0.25")
    copy = copy_of(small_run, tmp_path)
    table = copy / "intervals.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("0.0", "0.1"), encoding="utf-8")
    with pytest.raises(CorruptRunError, match=r"intervals\.csv"):
        recommend_from(copy)


def test_a_row_of_an_arm_that_the_run_does_not_have_is_an_error_of_the_run(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    change_cell(run / "intervals.csv", "arm", {"quantity": "forgetting"}, lambda _: "another")
    seal(run)
    with pytest.raises(CorruptRunError, match=r"its files are not those of a run; found KeyError: .*another"):
        recommend_from(run)
