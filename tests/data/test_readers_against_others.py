"""Boxes read from the same files equal those that Ultralytics, pycocotools and ElementTree read, image by image."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Literal

import cv2
import numpy as np
import pytest
from PIL import Image
from support.generated import TURNED, Made, Part, Purpose, Row, turned
from support.generated_coco import crowd_or_outline, make_coco, make_coco_told, odd_box
from support.generated_labels import box_lines, oriented_lines, polygon_lines, pose_lines
from support.generated_voc import make_voc, make_voc_told
from support.generated_yolo import make_yolo
from support.other_readers import (
    TOLERANCE,
    ByImage,
    element_tree_rows,
    pycocotools_rows,
    ultralytics_rows,
    with_area,
)

from forgetbench.data.dataset import Dataset
from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.data.load import load_data
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data

Make = Callable[[Path, Random], Made]
Read = Callable[[Made, Purpose], ByImage]
PURPOSES: tuple[Purpose, Purpose] = ("train", "evaluate")
BATCH = 50


def _poses(numbers: Literal[2, 3]) -> Make:
    def make(root: Path, rng: Random) -> Made:
        points = rng.randint(1, 6)
        return make_yolo(root, rng, pose_lines(points, numbers), (points, numbers))

    return make


#: Kind of dataset, how many are made, how, and what reads it. A thousand in all.
OTHERS: dict[str, tuple[int, Make, Read]] = {
    "yolo-boxes": (100, partial(make_yolo, lines=box_lines), ultralytics_rows),
    "yolo-polygons": (100, partial(make_yolo, lines=polygon_lines), ultralytics_rows),
    "yolo-oriented": (50, partial(make_yolo, lines=oriented_lines), ultralytics_rows),
    "yolo-poses-2d": (50, _poses(2), ultralytics_rows),
    "yolo-poses-3d": (50, _poses(3), ultralytics_rows),
    "yolo-hidden-images": (50, partial(make_yolo, lines=box_lines, hidden=True), ultralytics_rows),
    "yolo-text-keys": (50, partial(make_yolo, lines=box_lines, text_keys=True), ultralytics_rows),
    "coco-boxes": (100, partial(make_coco, annotate=odd_box), pycocotools_rows),
    "coco-crowds-and-outlines": (100, partial(make_coco, annotate=crowd_or_outline), pycocotools_rows),
    "coco-float-ids": (50, partial(make_coco, annotate=odd_box, ids="float"), pycocotools_rows),
    "coco-text-ids": (50, partial(make_coco, annotate=odd_box, ids="digits"), pycocotools_rows),
    "coco-own-categories": (50, partial(make_coco, annotate=odd_box, own_categories=True), pycocotools_rows),
    "voc-one-based": (100, make_voc, element_tree_rows),
    "voc-zero-based": (50, partial(make_voc, counts_from=0), element_tree_rows),
    "voc-spaces-in-names": (50, partial(make_voc, spaces=True), element_tree_rows),
}  # fmt: skip
#: What no other program understands, so that the maker has to know the boxes.
TOLD: dict[str, Make] = {
    "coco-stored-frame": partial(make_coco_told, stored_frame=True),
    "coco-resized": lambda root, rng: make_coco_told(root, rng, factor=rng.choice((0.5, 1.5, 2.0, 3.0))),
    "voc-stored-frame": partial(make_voc_told, stored_frame=True),
    "voc-resized": lambda root, rng: make_voc_told(root, rng, factor=rng.choice((2, 3))),
}


def _kind(kind: str, *values: object) -> object:
    return pytest.param(kind, *values, id="-".join((kind, *map(str, values))))


def _format(kind: str) -> Literal["yolo", "coco", "voc"]:
    return "yolo" if kind.startswith("yolo") else "coco" if kind.startswith("coco") else "voc"


def _load(kind: str, made: Made) -> dict[Purpose, Dataset]:
    """Return what there is to train on, if the dataset has such a part, and what to evaluate on."""
    path = made.root if made.described is None else made.described
    spec = Data(format=_format(kind), path=str(path), **made.section)
    loaded = load_data(spec, role="target" if made.parts["train"] else "reference", suite_folder=None)
    found: dict[Purpose, Dataset] = {"evaluate": loaded.evaluate}
    return found if loaded.train is None else {"train": loaded.train, **found}


def _rows(dataset: Dataset) -> dict[Path, list[Row]]:
    """Return a dataset's annotations by image."""
    found: dict[Path, list[Row]] = {}
    for sample in dataset.samples:
        columns = (sample.classes, sample.boxes, sample.crowd, sample.areas)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        made = [Row(dataset.classes[label], tuple(box), crowd, area) for label, box, crowd, area in rows]
        found[sample.image] = with_area(made)
    assert len(found) == len(dataset.samples)
    return found


def _same(one: Row, other: Row) -> bool:
    near = all(abs(a - b) <= TOLERANCE for a, b in zip(one.box, other.box, strict=True))
    areas = one.area is None or other.area is None or one.area == pytest.approx(other.area)
    return near and areas and one.name == other.name and one.crowd == other.crowd


def compare(found: dict[Path, list[Row]], wanted: ByImage, where: object) -> int:
    """Check that images and their rows are the same in any order, and return how many rows were compared."""
    defined = {image for image, rows in wanted.items() if rows is not None}
    assert found.keys() - (wanted.keys() - defined) == defined, f"{where}: other images"
    compared = 0
    for image in sorted(defined):
        left = list(wanted[image] or ())
        for row in found[image]:
            match = next((other for other in left if _same(row, other)), None)
            assert match is not None, f"{where}, {image}: only here {row}; others have {left}"
            left.remove(match)
            compared += 1
        assert not left, f"{where}, {image}: only others have {left}"
    return compared


@pytest.mark.parametrize(
    ("kind", "batch"), [_kind(kind, batch) for kind, (count, *_) in OTHERS.items() for batch in range(count // BATCH)]
)
def test_generated_datasets_are_read_as_others_read_them(kind: str, batch: int, tmp_path: Path) -> None:
    _, make, read = OTHERS[kind]
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        root = tmp_path / str(number)
        made = make(root, Random(f"{kind}/{number}"))
        loaded = _load(kind, made)
        assert list(loaded) == [purpose for purpose in PURPOSES if made.parts[purpose]]
        for purpose, dataset in loaded.items():
            wanted = read(made, purpose)
            assert compare(_rows(dataset), wanted, f"{kind} {number} {purpose}"), "no row was compared"
        shutil.rmtree(root)


def test_a_thousand_datasets_are_compared() -> None:
    assert sum(count for count, *_ in OTHERS.values()) == 1000
    assert all(count % BATCH == 0 for count, *_ in OTHERS.values())


def _asset(root: Path) -> Made:
    if root.name == "fruit9":
        return Made(root, described=root / "data.yaml", parts={"train": [Part(root, root)], "evaluate": []})
    if root.name == "coco-val128":
        part = Part(root / "images", root / "images")
        return Made(root, COCO_NAMES, {"train": [], "evaluate": [part]}, {"names": "coco"})
    lists = {
        name: Part(root / "ImageSets" / "Main" / f"{name}.txt", root / "JPEGImages")
        for name in ("train", "val", "test")
    }
    parts: dict[Purpose, list[Part]] = {"train": [lists["train"]], "evaluate": [lists["val"], lists["test"]]}
    return Made(root, parts=parts, section={"evaluate": ["val", "test"]})


@pytest.mark.assets
@pytest.mark.parametrize(
    ("kind", "name", "boxes"),
    [("voc", "bccd", {"train": 2804, "evaluate": 1137 + 945}),
     ("yolo", "fruit9", {"train": 536 - 6, "evaluate": 154}),  # six in a file of boxes and polygons
     ("yolo", "coco-val128", {"evaluate": 898})],
    ids=["bccd", "fruit9", "coco-val128"],
)  # fmt: skip
def test_real_data_are_read_as_others_read_them(
    kind: str, name: str, boxes: dict[Purpose, int], assets: Path, tmp_path: Path
) -> None:
    # Ultralytics writes what it mends over the data's own files, so it is given links.
    root = Path(shutil.copytree(assets / name, tmp_path / name, copy_function=os.symlink))
    made, read = _asset(root), element_tree_rows if kind == "voc" else ultralytics_rows
    found = {part: compare(_rows(data), read(made, part), part) for part, data in _load(kind, made).items()}
    assert found == boxes


@pytest.mark.parametrize("kind", [_kind(kind) for kind in TOLD])
def test_what_no_file_says_is_concluded_over_the_dataset(kind: str, tmp_path: Path) -> None:
    for number in range(15):
        made = TOLD[kind](tmp_path / str(number), Random(f"{kind}/{number}"))
        found = {image: rows for dataset in _load(kind, made).values() for image, rows in _rows(dataset).items()}
        assert compare(found, {**made.expected}, f"{kind} {number}"), "no row was compared"


def _lines_from_one(rng: Random, size: tuple[int, int], classes: int, first: bool) -> list[str]:
    """Return boxes of classes 1 to n, the last one in every part."""
    lines = [f"{rng.randint(1, classes)} 0.5 0.5 {rng.uniform(0.2, 0.8):.4f} 0.5" for _ in range(rng.randint(1, 3))]
    return [f"{classes} 0.5 0.5 0.25 0.5", *lines] if first else lines


@pytest.mark.parametrize("kind", [_kind("yolo-count-from-one")])
def test_labels_that_count_from_one_are_refused(kind: str, tmp_path: Path) -> None:
    for number in range(15):
        made = make_yolo(tmp_path / str(number), Random(f"{kind}/{number}"), _lines_from_one)
        with pytest.raises(DataError, match="count classes from 1"):
            _load(kind, made)


@pytest.mark.parametrize("orientation", TURNED)
def test_the_makers_turn_boxes_as_images_are_turned(orientation: int, tmp_path: Path) -> None:
    stored = np.zeros((48, 80, 3), np.uint8)
    stored[8:24, 32:72] = 255
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(stored).save(tmp_path / "turned.png", exif=exif)
    shown = cv2.imread(str(tmp_path / "turned.png"))
    assert shown is not None
    rows, columns = np.nonzero(shown[..., 0])
    assert shown.shape == (80, 48, 3)
    assert turned((32, 8, 72, 24), (80, 48), orientation) == (
        columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    )  # fmt: skip
