"""hotcoco against pycocotools, the reference: equal precision tables, bit by bit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.factories import sample
from support.worlds import world

from forgetbench.data.dataset import Dataset
from forgetbench.data.load import load_data
from forgetbench.evaluate.average_precision import ground_truth, precision_table, score, scorer_rows
from forgetbench.evaluate.detections import Detections, gather
from forgetbench.evaluate.networks import ModuleStore
from forgetbench.evaluate.passes import evaluate
from forgetbench.evaluate.scorers import ERROR_TYPES, Hotcoco, ScorerName
from forgetbench.model.original import load_original
from forgetbench.suite.data_section import Data
from forgetbench.suite.evaluation import EvaluationSettings


def tables(dataset: Dataset, detections: Detections, max_det: int = 100) -> list[np.ndarray]:
    return [
        precision_table(ground_truth(dataset, scorer), detections, max_det) for scorer in ("hotcoco", "pycocotools")
    ]


def assert_equal(dataset: Dataset, detections: Detections, max_det: int = 100) -> np.ndarray:
    fast, reference = tables(dataset, detections, max_det)
    assert fast.shape == reference.shape == (10, 101, len(dataset.classes), 4)
    assert fast.tobytes() == reference.tobytes()
    return reference


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_hard_worlds(first: int) -> None:
    telling = 0
    for seed in range(first, first + 100):
        table = assert_equal(*world(seed), max_det=(100, 100, 10, 1)[seed % 4])
        telling += len(np.unique(table)) > 3  # more than not defined, nothing and everything found
    assert telling > 40


def test_hard_worlds_hold_what_they_promise() -> None:
    held = set()
    for seed in range(100):
        dataset, found = world(seed)
        crowd = np.concatenate([sample.crowd for sample in dataset.samples])
        areas = np.concatenate([sample.areas for sample in dataset.samples])
        pairs = np.unique(np.stack([found.image, found.label]), axis=1, return_counts=True)[1]
        held |= {
            name
            for name, is_there in {
                "crowd": crowd.any(),
                "on a limit": np.isin(areas, [1024.0, 9216.0]).any(),
                "no area": (areas == 0).any(),
                "more than 100": pairs.max(initial=0) > 100,
                "ties": len(np.unique(found.score)) < len(found),
                "nothing found": not len(found),
                "nothing annotated": not len(areas),
            }.items()
            if is_there
        }
    assert len(held) == 7


def test_boxes_that_are_not_finite_overlap_nothing() -> None:
    dataset, found = next(w for w in map(world, range(100)) if len(w[0].samples[0].boxes) > 5 and len(w[1]) > 50)
    box = found.box.copy()
    box[::3, 2] = np.nan
    box[1::5] = np.inf
    nowhere = found.box.copy()
    nowhere[::3] = nowhere[1::5] = 0.0
    table = assert_equal(dataset, replace(found, box=box))
    assert table.tobytes() == assert_equal(dataset, replace(found, box=nowhere)).tobytes()


@pytest.mark.parametrize("scorer", ["hotcoco", "pycocotools"])
def test_scoring_leaves_the_ground_truth_as_it_was(scorer: ScorerName) -> None:
    dataset, found = next(w for w in map(world, range(100)) if len(w[1]) > 200)
    truth = ground_truth(dataset, scorer)
    first = precision_table(truth, found, 100)
    precision_table(truth, replace(found, score=found.score[::-1].copy()), 1)
    precision_table(truth, gather([]), 100)
    assert precision_table(truth, found, 100).tobytes() == first.tobytes()


#: Two objects of class 0 on image 0 and two of class 1 on image 1, each found at its place.
FIRST, SECOND, THIRD, FOURTH = [
    (0, 0, 0.9, [0, 0, 100, 100]), (0, 0, 0.8, [200, 0, 300, 100]),
    (1, 1, 0.9, [0, 0, 100, 100]), (1, 1, 0.7, [200, 200, 300, 300]),
]  # fmt: skip
#: AP50 of a class by COCO's 101 recalls: half found; a wrong box before both; a wrong box between them.
HALF, AFTER_WRONG, WRONG_BETWEEN = 51 / 101, 2 / 3, (51 + 50 * 2 / 3) / 101
#: What one mistake is, and by how much AP50, the mean over two classes, would rise without it.
MISTAKES = {
    "none": ([FIRST, SECOND, THIRD, FOURTH], None, 0.0),
    "wrong class": (
        [FIRST, (0, 1, 0.8, SECOND[3]), THIRD, FOURTH], "classification", 1 - (HALF + WRONG_BETWEEN) / 2,
    ),
    "half beside": ([FIRST, (0, 0, 0.8, [260, 0, 360, 100]), THIRD, FOURTH], "localisation", (1 - HALF) / 2),
    "half beside, wrong class": (
        [FIRST, SECOND, (0, 1, 0.95, [260, 0, 360, 100]), THIRD, FOURTH], "both", (1 - AFTER_WRONG) / 2,
    ),
    "twice": ([FIRST, (0, 0, 0.85, FIRST[3]), SECOND, THIRD, FOURTH], "duplicate", (1 - WRONG_BETWEEN) / 2),
    "where nothing is": (
        [(0, 0, 0.95, [400, 400, 450, 450]), FIRST, SECOND, THIRD, FOURTH], "background", (1 - AFTER_WRONG) / 2,
    ),
    "not found": ([FIRST, THIRD, FOURTH], "missed", (1 - HALF) / 2),
    "a whole class not found": ([FIRST, SECOND], None, 0.0),  # it is left without objects, not without mistakes
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_error_types_by_hand(mistake: str) -> None:
    rows, error, rise = MISTAKES[mistake]
    images = [
        sample(Path(f"{image}.png"), 500, 500, [row[3] for row in MISTAKES["none"][0] if row[0] == image], [image] * 2)
        for image in (0, 1)
    ]
    dataset = Dataset("two", "val", ("a", "b"), tuple(images), Path())
    image, label, scores, boxes = zip(*rows, strict=True)
    found = Detections(
        np.array(image, np.int32), np.array(label, np.int16), np.array(scores, np.float32), np.array(boxes, np.float32)
    )
    got = Hotcoco(dataset).error_types(scorer_rows(found), 100)
    assert got == pytest.approx({name: rise if name == error else 0.0 for name in ERROR_TYPES}, abs=1e-12)


@pytest.mark.assets
@pytest.mark.parametrize("crowds", [0.0, 0.3])
def test_real_detections(assets: Path, crowds: float) -> None:
    data = Data(format="yolo", path=str(assets / "coco-val128"), names="coco", limit=24)
    dataset = load_data(data, role="reference", suite_folder=None).evaluate
    store = ModuleStore(load_original(assets / "weights" / "yolov8n.pt"))
    network = store.original_network("one-to-many")
    settings = EvaluationSettings(imgsz=320, shape="rect", batch=8, conf=0.001, iou=0.7, max_det=300)
    found = evaluate(store, [network], dataset, settings, torch.device("cpu"))[network]
    random = np.random.default_rng(0)
    samples = tuple(replace(s, crowd=random.random(len(s.boxes)) < crowds) for s in dataset.samples)
    dataset = replace(dataset, samples=samples)
    assert_equal(dataset, found)
    by_both = [score(ground_truth(dataset, scorer), found) for scorer in ("hotcoco", "pycocotools")]
    assert by_both[0] == by_both[1]
    assert by_both[0].ap is not None
    assert by_both[0].ap > 0.2
