"""Stand-ins load through the product's own reader as what they were said to be, with boxes where the colours are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.standins import Layout, class_colours, write_stand_in

from forgetbench.data.dataset import Dataset
from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.data.load import LoadedData, load_data
from forgetbench.suite.data_section import Data, Split

CLASSES = ("pear", "apple", "fig", "plum")
GRAPES = {"CDY": "Chardonnay", "CFR": "Cabernet Franc", "SYH": "Syrah"}
YEARS = ["VOC2007/trainval", "VOC2012/trainval"]
LAYOUTS: dict[str, tuple[dict[str, Any], Layout, str, list[str]]] = {
    # section, what it leaves open, the evaluation split's name, some files that make the layout
    "yolo with data.yaml": ({"format": "yolo"}, "usual", "val", ["data.yaml", "images/train/000001.png"]),
    "data.yaml by name": ({"format": "yolo", "path": "d/my.yaml"}, "usual", "val", ["my.yaml"]),
    "yolo without data.yaml": (
        {"format": "yolo", "names": [*CLASSES]}, "usual", "val", ["images/train/000001.png", "labels/val/000008.txt"],
    ),
    "yolo with lists": ({"format": "yolo", "names": [*CLASSES]}, "lists", "val", ["train.txt", "images/000001.png"]),
    "lists in data.yaml": ({"format": "yolo", "evaluate": "test"}, "lists", "test", ["data.yaml", "test.txt"]),
    "yolo, several parts": (
        {"format": "yolo", "train": ["a", "b"], "evaluate": ["c", "d"]}, "usual", "c+d", ["images/b/000004.png"],
    ),
    "wgisd": ({"format": "yolo", "class_by_name": GRAPES}, "usual", "test", ["train.txt", "data/CDY_000001.txt"]),
    "coco": ({"format": "coco"}, "usual", "val", ["annotations/instances_train.json", "train/000001.png"]),
    "coco by year": (
        {"format": "coco", "train": "train2017", "evaluate": "val2017", "images": "all"}, "usual", "val2017",
        ["annotations/instances_val2017.json", "all/000001.png"],
    ),
    "coco, one file": (
        {"format": "coco", "annotations": "boxes.json", "images": "img", "split": Split(evaluate=0.4)}, "usual",
        "evaluate", ["boxes.json", "img/000010.png"],
    ),
    "coco, roboflow": ({"format": "coco"}, "roboflow", "valid", ["valid/_annotations.coco.json", "valid/000007.png"]),
    "voc": ({"format": "voc"}, "usual", "val", ["ImageSets/Main/val.txt", "Annotations/000001.xml"]),
    "voc, split": ({"format": "voc", "split": Split(evaluate=0.4)}, "usual", "evaluate", ["JPEGImages/000010.png"]),
    "voc by year": (
        {"format": "voc", "train": YEARS, "evaluate": "VOC2007/test", "difficult": "drop"}, "usual", "VOC2007/test",
        ["VOC2007/JPEGImages/000001.png", "VOC2012/JPEGImages/000001.png", "VOC2012/ImageSets/Main/trainval.txt"],
    ),
}  # fmt: skip


def section(**fields: Any) -> Data:
    return Data(**{"path": "d", **fields})


def load(folder: Path, spec: Data, monkeypatch: pytest.MonkeyPatch, **options: Any) -> LoadedData:
    monkeypatch.setenv("FORGETBENCH_DATA", str(folder))
    return load_data(spec, suite_folder=None, **{"role": "target", **options})


def drawn_and_read(dataset: Dataset, classes: tuple[str, ...]) -> set[str]:
    """Check that each box is filled with its class's colour and ends where the colour ends; return the classes seen."""
    colours = class_colours(classes)
    seen = set()
    for sample in dataset.samples:
        pixels = cv2.imread(str(sample.image))
        assert pixels is not None
        assert (sample.width, sample.height) == (96, 64)
        filled = np.zeros(pixels.shape[:2], dtype=bool)
        for box, label in zip(sample.boxes, sample.classes, strict=True):
            x1, y1, x2, y2 = np.round(box).astype(int)
            assert np.abs(box - (x1, y1, x2, y2)).max() < 1e-6
            assert (pixels[y1:y2, x1:x2] == colours[dataset.classes[label]]).all()
            filled[y1:y2, x1:x2] = True
            seen.add(dataset.classes[label])
        coloured = np.zeros_like(filled)
        for colour in colours.values():
            coloured |= (pixels == colour).all(axis=2)
        assert (coloured == filled).all()
    return seen


@pytest.mark.parametrize("name", LAYOUTS)
def test_stand_in_is_read_as_it_was_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    fields, layout, evaluated, files = LAYOUTS[name]
    spec = section(**fields)
    classes = tuple(spec.class_by_name.values()) if spec.class_by_name else CLASSES
    root = write_stand_in(tmp_path, spec, classes, 6, 4, layout=layout)
    assert root == tmp_path / "d"
    assert [file for file in files if not (root / file).is_file()] == []
    loaded = load(tmp_path, spec, monkeypatch)
    assert loaded.train is not None
    assert loaded.report.found == []
    assert (len(loaded.train.samples), len(loaded.evaluate.samples), loaded.evaluate.split) == (6, 4, evaluated)
    expected = tuple(sorted(classes)) if spec.format == "voc" else classes
    for dataset in (loaded.train, loaded.evaluate):
        assert dataset.classes == expected
        assert drawn_and_read(dataset, classes) == set(classes)
        assert {len(sample.boxes) for sample in dataset.samples} <= {1, 2, 3}


@pytest.mark.parametrize(
    ("fields", "evaluated", "count"),
    [
        ({"format": "yolo", "names": "coco"}, "all", 80),
        ({"format": "coco", "annotations": "annotations/instances_val2017.json", "images": "val2017"}, "all", 80),
        ({"format": "yolo"}, "val", 80),
    ],
)
def test_reference_needs_no_training_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], evaluated: str, count: int
) -> None:
    spec = section(**fields)
    write_stand_in(tmp_path, spec, COCO_NAMES, 0, 10)
    dataset = load(tmp_path, spec, monkeypatch, role="reference").evaluate
    assert (dataset.split, len(dataset.samples), len(dataset.classes)) == (evaluated, 10, count)
    assert drawn_and_read(dataset, COCO_NAMES) == set(COCO_NAMES)


def test_some_of_the_named_classes_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = section(format="yolo", names="coco")
    write_stand_in(tmp_path, spec, ("dog", "person"), 3, 3)
    loaded = load(tmp_path, spec, monkeypatch)
    assert loaded.evaluate.classes == COCO_NAMES
    assert drawn_and_read(loaded.evaluate, COCO_NAMES) == {"dog", "person"}


def test_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    spec = section(format="coco")

    def written(name: str, seed: int) -> dict[str, bytes]:
        root = write_stand_in(tmp_path / name, spec, CLASSES, 3, 2, seed=seed)
        return {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*.*") if file.is_file()}

    assert written("one", 0) == written("two", 0)
    assert written("one", 0) != written("three", 1)


def test_no_two_classes_look_alike() -> None:
    assert len(set(class_colours(COCO_NAMES).values())) == 80


@pytest.mark.parametrize(
    ("fields", "train", "problem"),
    [
        ({"format": "shapes", "world": "fine"}, 1, "drawn by forgetbench itself"),
        ({"format": "coco", "annotations": "a.json"}, 1, "one JSON file is one part"),
        ({"format": "yolo", "class_by_name": GRAPES}, 1, "1 images cannot show 3 classes"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, fields: dict[str, Any], train: int, problem: str) -> None:
    path = None if fields["format"] == "shapes" else "d"
    with pytest.raises(ValueError, match=problem):
        write_stand_in(tmp_path, Data(**{"path": path, **fields}), tuple(GRAPES.values())[:3], train, 3)
