"""Datasets as users have them, and the data section each should be recognised as."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.standins import Layout, write_stand_in

from forgetbench.suite.data_section import Data

CLASSES = ("fig", "pear", "plum")
SPLIT = {"split": {"seed": 0, "evaluate": 0.2}}
TRAIN_VAL = {"train": "train", "evaluate": "val"}


@dataclass(frozen=True)
class Owned:
    """A dataset.

    Attributes:
        written: The section it is written by.
        expected: What it is to be recognised as, beside format and path.
        layout: What the section leaves open.
        change: What is done to it then.
        train, evaluate: Numbers of images.
        path: What is given as its path, relative to its folder; or what it is recognised by, where that is a file.
    """

    written: dict[str, Any]
    expected: dict[str, Any]
    layout: Layout = "usual"
    change: Callable[[Path], object] = lambda root: None
    train: int = 6
    evaluate: int = 4
    path: str = ""

    def write(self, root: Path) -> Path:
        """Write the dataset and return what a user would give as its path."""
        spec = Data.model_validate({**self.written, "path": str(root / self.written.get("path", ""))})
        write_stand_in(root.parent, spec, CLASSES, self.train, self.evaluate, layout=self.layout)
        self.change(root)
        return root / self.path

    def section(self, path: Path) -> Data:
        """Return what it is to be recognised as."""
        return Data.model_validate({"format": self.written["format"], "path": str(path), **self.expected})


def rename(old: str, new: str) -> Callable[[Path], object]:
    """Return what moves something inside a dataset."""

    def moved(root: Path) -> None:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)

    return moved


def add(name: str, text: str) -> Callable[[Path], object]:
    """Return what puts a text file into a dataset."""
    return lambda root: (root / name).write_text(text, encoding="utf-8")


def all_of(*changes: Callable[[Path], object]) -> Callable[[Path], object]:
    """Return what does several things to a dataset."""
    return lambda root: [change(root) for change in changes]


def json_files(name: str) -> Callable[[Path], object]:
    """Return what renames the instances files of the parts train and val; `{}` stands for the part."""
    return all_of(*(rename(f"annotations/instances_{part}.json", name.format(part)) for part in ("train", "val")))


def swap_slashes(name: str) -> Callable[[Path], object]:
    """Return what gives the images of an instances file the paths that Windows writes."""

    def change(root: Path) -> None:
        document = json.loads((root / name).read_text())
        for image in document["images"]:
            image["file_name"] = f"..\\images\\{image['file_name']}"
        (root / name).write_text(json.dumps(document))

    return change


CAPTIONS = '{"images": [], "annotations": []}'
#: images/<part> and labels/<part> become <part>/images and <part>/labels, and data.yaml says what Roboflow's does.
roboflow = all_of(
    *(rename(f"{kind}/{part}", f"{part}/{kind}") for part in ("train", "valid") for kind in ("images", "labels")),
    *(lambda root, kind=kind: (root / kind).rmdir() for kind in ("images", "labels")),
    add("data.yaml", "train: ../train/images\nval: ../valid/images\nnc: 3\nnames: ['fig', 'pear', 'plum']\n"),
)
classes_txt = add("classes.txt", "fig\npear\n plum \n\n")
YOLO, COCO, VOC = {"format": "yolo"}, {"format": "coco"}, {"format": "voc"}
NAMED = {**YOLO, "names": [*CLASSES]}
YEARS = ["VOC2007/trainval", "VOC2012/trainval"]
ONE_JSON = {"annotations": "boxes.json", **SPLIT}

OWNED = {
    "yolo, data.yaml": Owned(YOLO, TRAIN_VAL),
    "yolo, data.yaml as path": Owned(YOLO, TRAIN_VAL, path="data.yaml"),
    "yolo, yaml of another name": Owned({**YOLO, "path": "my.yaml"}, TRAIN_VAL),
    "yolo, lists in data.yaml": Owned(YOLO, TRAIN_VAL, "lists"),
    "yolo, data.yaml and folder valid": Owned(YOLO, {"train": "train", "evaluate": "valid"}, "roboflow"),
    "yolo, roboflow": Owned(YOLO, TRAIN_VAL, "roboflow", roboflow),
    "yolo, classes.txt": Owned(NAMED, {**TRAIN_VAL, "names": [*CLASSES]}, change=classes_txt),
    "yolo, classes.txt among labels": Owned(
        NAMED, {**TRAIN_VAL, "names": [*CLASSES]}, change=add("labels/classes.txt", "\ufefffig\npear\nplum"),
    ),
    "yolo, lists and classes.txt": Owned(NAMED, {**TRAIN_VAL, "names": [*CLASSES]}, "lists", classes_txt),
    "yolo, number of classes alone": Owned(
        NAMED, TRAIN_VAL, change=add("data.yaml", "train: images/train\nval: images/val\nnc: 3\n"),
    ),
    "yolo, no parts": Owned({**NAMED, **SPLIT}, {"names": [*CLASSES], **SPLIT}, change=classes_txt),
    "yolo, to train on only": Owned(YOLO, SPLIT, evaluate=0),
    "yolo, to test on only": Owned({**YOLO, "evaluate": "test"}, SPLIT, train=0),
    "coco": Owned(COCO, TRAIN_VAL),
    "coco by year": Owned(
        {**COCO, "train": "train2017", "evaluate": "val2017"}, {"train": "train2017", "evaluate": "val2017"},
    ),
    "coco, roboflow": Owned(COCO, {"train": "train", "evaluate": "valid"}, "roboflow"),
    "coco, one JSON": Owned({**COCO, **ONE_JSON}, ONE_JSON),
    "coco, one JSON among others": Owned(
        {**COCO, **ONE_JSON}, ONE_JSON, change=all_of(add("notes.json", "{}"), add("a.json", '{"images": []}')),
    ),
    "coco, JSON files named after parts": Owned(COCO, TRAIN_VAL, change=json_files("{}.json")),
    "coco, JSON files in annotations": Owned(
        COCO, TRAIN_VAL,
        change=all_of(json_files("annotations/boxes_{}.json"), add("annotations/captions_train.json", CAPTIONS)),
    ),
    "coco, JSON files beside images": Owned(COCO, TRAIN_VAL, change=json_files("{}/annotations.json")),
    "coco, CVAT": Owned(
        COCO, {"train": "Train", "evaluate": "Validation"},
        change=all_of(
            rename("annotations/instances_train.json", "annotations/instances_Train.json"),
            rename("annotations/instances_val.json", "annotations/instances_Validation.json"),
            rename("train", "images/Train"), rename("val", "images/Validation"),
        ),
    ),
    "coco, Datumaro": Owned(
        COCO, TRAIN_VAL,
        change=all_of(json_files("annotations/{}.json"), rename("train", "images/train"), rename("val", "images/val")),
    ),
    "coco, FiftyOne": Owned(
        {**COCO, "annotations": "labels.json", **SPLIT}, {"annotations": "labels.json", **SPLIT},
        change=rename("images", "data"),
    ),
    "coco, FiftyOne's parts": Owned(
        COCO, TRAIN_VAL,
        change=all_of(
            json_files("{}/labels.json"),
            *(all_of(rename(part, "kept"), rename("kept", f"{part}/data"), rename(f"{part}/data/labels.json",
              f"{part}/labels.json")) for part in ("train", "val")),
        ),
    ),
    "coco, Label Studio": Owned(
        {**COCO, "annotations": "result.json", **SPLIT}, {"annotations": "result.json", **SPLIT},
        change=swap_slashes("result.json"),
    ),
    "coco, files of a Mac": Owned(
        {**COCO, **ONE_JSON}, ONE_JSON, change=all_of(add("._boxes.json", "Mac"), add("images/._000001.png", "Mac")),
    ),
    "coco, to train on only": Owned(COCO, SPLIT, evaluate=0),
    "coco, to test on only": Owned({**COCO, "evaluate": "test"}, SPLIT, train=0),
    "voc": Owned(VOC, TRAIN_VAL),
    "voc, test for val": Owned(
        {**VOC, "train": "trainval", "evaluate": "test"}, {"train": "trainval", "evaluate": "test"},
    ),
    "voc by year": Owned(
        {**VOC, "train": YEARS, "evaluate": "VOC2007/test"}, {"train": YEARS, "evaluate": "VOC2007/test"},
    ),
    "voc by year, usual parts": Owned(
        {**VOC, "train": ["VOC2007/train", "VOC2012/train"], "evaluate": ["VOC2007/val", "VOC2012/val"]},
        {"train": ["VOC2007/train", "VOC2012/train"], "evaluate": ["VOC2007/val", "VOC2012/val"]},
    ),
    "voc, no lists": Owned({**VOC, **SPLIT}, SPLIT),
    "voc, to train on only": Owned(VOC, SPLIT, evaluate=0, train=10),
    "voc, lists of classes": Owned(
        VOC, SPLIT, evaluate=0, change=add("ImageSets/Main/fig_train.txt", "000001 1\n000002 -1\n"),
    ),
}  # fmt: skip
