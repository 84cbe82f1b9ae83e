"""Valid inputs of text: suites, cards, datasets of each format, architectures, and the tables of a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import cv2
import numpy as np

import forgetbench

Files = dict[str, bytes]
_PACKAGE = Path(forgetbench.__file__).parent
_ENDINGS = (".png", ".jpg", ".bmp", ".tiff", ".webp", ".ppm")
IMAGE_NAMES = tuple(f"images/train/a{ending}" for ending in _ENDINGS)
SUITE = b"""\
name: small
description: A suite.
model: yolov8n.pt
target: {format: yolo, path: target, names: [a, "no"]}
reference: {format: shapes, world: general}
freeze_points: [all-but-head, backbone, 5, none]
attach_points: [head, freeze-point, 12]
seeds: [0, 1]
arms:
  - name: slow
    freeze_point: none
    strategy: {rates: {backbone: 0.1}, unfreeze: {2: 15}}
    train: {lr0: 0.001}
vary: {lr0: [0.001, 0.01], cos_lr: [true, false]}
train: {epochs: 3, optimizer: AdamW, lr0: 0.001, imgsz: 320, augment: {mosaic: 0.5, close_mosaic: 1}}
evaluation: {imgsz: 320, max_det: 100, heads: [one-to-many], resamples: 100}
claims:
  - {name: one, says: "much", source: "p. 1", quantity: forgetting, attach: head, arms: [5, slow], below: 0.1}
cam: {images: 2, rules: [random], modules: [15, 18]}
"""
ARCHITECTURE = b"""\
nc: 3
scales: {n: [0.33, 0.25, 1024]}
backbone:
  - [-1, 1, Conv, [16, 3, 2]]
  - [-1, 1, Conv, [32, 3, 2]]
  - [-1, 1, C2f, [32, True]]
  - [-1, 1, SPPF, [32, 5]]
head:
  - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
  - [[-1, 0], 1, Concat, [1]]
  - [-1, 1, Conv, [32, 3, 1]]
  - [[6, 3], 1, Detect, [nc]]
"""


@cache
def _image(ending: str = ".png", seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    return bytes(cv2.imencode(ending, pixels)[1].tobytes())


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def suites() -> list[Files]:
    """Return suites, shipped ones among them, and one that extends another."""
    shipped = sorted((_PACKAGE.parent / "suites").glob("*.yaml"))
    base = {"s.yaml": b"extends: base.yaml\nseeds: [3]\n", "base.yaml": SUITE}
    return [
        {"s.yaml": SUITE},
        base,
        *({"s.yaml": path.read_bytes()} for path in shipped if b"extends" not in path.read_bytes()),
    ]


def assignments() -> list[Files]:
    """Return what `--set` is given, each beside a suite."""
    lines = (
        "train.epochs=2", "seeds=[0,1]", "arms.0.train.lr0=0.1", "target.path=/x", "model=yolov8n.pt",
        "train.augment.mosaic=0", "claims.0.arms=[1]", "vary={lr0: [0.1]}", "description='a: b'", "attach_points.1=3",
    )  # fmt: skip
    return [{"s.yaml": SUITE, "set": line.encode()} for line in lines]


def cards() -> list[Files]:
    """Return the shipped cards, under one name."""
    found = [path.read_bytes() for path in sorted((_PACKAGE / "data" / "cards").glob("*.yaml"))]
    return [{"c.yaml": b"name: c\n" + content.partition(b"\n")[2]} for content in found if content.startswith(b"name:")]


def yolo() -> list[Files]:
    """Return datasets in the YOLO layout, boxes and polygons."""
    made = []
    for labels in (
        b"0 0.5 0.5 0.5 0.5\n1 0.2 0.2 0.1 0.1\n",
        b"0 0.1 0.1 0.9 0.1 0.9 0.9\n1 0.2 0.2 0.1 0.1 0.5 0.5\n",
    ):
        files = {"data.yaml": b"path: .\ntrain: images/train\nval: images/val\nnc: 2\nnames: {0: a, 1: b}\n"}
        for part in ("train", "val"):
            for number, name in enumerate("ab"):
                files[f"images/{part}/{name}.png"] = _image(seed=number + 2 * (part == "val"))
                files[f"labels/{part}/{name}.txt"] = labels
        made.append(files)
    listed = {**made[0], "data.yaml": b"train: [images/train]\nval: [images/val]\nkpt_shape: null\nnames: [a, b]\n"}
    return [*made, listed]


def coco() -> list[Files]:
    """Return a dataset in COCO's form."""
    files: Files = {}
    for part, number in (("train", 0), ("val", 2)):
        drawn = {"bbox": [1, 1, 5.5, 5], "area": 27.5, "iscrowd": 0, "segmentation": [[1, 1, 6.5, 1, 6.5, 6]]}
        boxes = [{"id": n, "image_id": n % 2, "category_id": 1 + n % 2, **drawn} for n in range(4)]
        images = [{"id": n, "file_name": f"{part}{n}.png", "width": 16, "height": 12} for n in range(2)]
        document = {
            "images": images,
            "annotations": boxes,
            "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b", "supercategory": "c"}],
        }
        files[f"annotations/instances_{part}.json"] = _json(document)
        files |= {f"{part}/{part}{n}.png": _image(seed=number + n) for n in range(2)}
    return [files]


def voc() -> list[Files]:
    """Return a dataset in Pascal VOC's form."""
    xml = (
        b"<annotation><folder>f</folder><filename>%s.png</filename><size><width>16</width><height>12</height><depth>3</depth></size>\n"
        b"<object><name>a</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9.5</xmax><ymax>10</ymax>"
        b"</bndbox></object>\n<object><name>b</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>4</xmax><ymax>5</ymax></bndbox>"
        b"</object></annotation>\n"
    )
    files: Files = {"ImageSets/Main/train.txt": b"a\nb\n", "ImageSets/Main/val.txt": b"c\n"}
    for number, name in enumerate("abc"):
        files[f"Annotations/{name}.xml"] = xml % name.encode()
        files[f"JPEGImages/{name}.png"] = _image(seed=number)
    return [files]


def labelme() -> list[Files]:
    """Return a dataset in labelme's form."""
    files: Files = {}
    for number, name in enumerate("abcdef"):
        shapes = [
            {"label": "a", "shape_type": "rectangle", "points": [[1, 1], [5, 6]], "group_id": None},
            {"label": "b", "shape_type": "polygon", "points": [[1, 1], [5, 6], [2, 8.5]], "group_id": 1},
            {"label": "b", "shape_type": "circle", "points": [[5, 5], [7, 7]], "group_id": 1},
            {"label": "b", "shape_type": "point", "points": [[5, 5]]},
        ]
        files[f"{name}.json"] = _json(
            {"imagePath": f"{name}.png", "imageWidth": 16, "imageHeight": 12, "shapes": shapes}
        )
        files[f"{name}.png"] = _image(seed=number)
    return [files]


def darknet() -> list[Files]:
    """Return datasets with lists of images and of classes beside them."""
    made: Files = {
        "obj.data": b"classes = 2\ntrain = train.txt\nvalid = val.txt\nnames = obj.names\n",
        "obj.names": b"a\nno\n",
    }
    made |= {"train.txt": b"data/obj_train_data/a.png\nobj_train_data/b.png\n", "val.txt": b"obj_train_data/c.png\n"}
    for number, name in enumerate("abc"):
        made[f"obj_train_data/{name}.png"] = _image(seed=number)
        made[f"obj_train_data/{name}.txt"] = b"0 0.5 0.5 0.5 0.5\n1 0.2 0.2 0.1 0.1\n"
    plain = {name: content for name, content in made.items() if not name.startswith("obj.")}
    return [made, {**plain, "classes.txt": b"a\nb\n"}]


def images() -> list[Files]:
    """Return datasets of one training image in several formats."""
    base = {name: content for name, content in yolo()[0].items() if not name.startswith("images/train/")}
    return [{**base, name: _image(Path(name).suffix)} for name in IMAGE_NAMES]


def every_dataset() -> list[Files]:
    """Return a dataset of each kind."""
    return [*yolo(), *coco(), *voc(), *labelme(), *darknet()]


def spoilt_anywhere(
    text: Callable[[bytes, Random], bytes], document: Callable[[bytes, Random], bytes]
) -> dict[str, Callable[[bytes, Random], bytes]]:
    """Return how the files of datasets are spoilt, by their suffixes."""
    how = {".json": document, ".png": lambda content, random: content[: random.randrange(len(content))]}
    names = dict.fromkeys(name for files in every_dataset() for name in files)
    return {name: how.get(Path(name).suffix, text) for name in names}


def architectures() -> list[Files]:
    """Return architectures, Ultralytics' own among them."""
    return [{"net.yaml": ARCHITECTURE}]


def tables() -> list[Files]:
    """Return tables of a run."""
    results = (
        b"arm,model,freeze_point,strategy,setting,method,seed,epoch,dataset,split,role,attach,head,images,instances,"
        b"ap,ap50,detections\n"
        b"original,m,,original,,original,,0,shapes,evaluate,reference,head,one-to-many,8,20,"
        b"0.512345678901234,0.7,k.safetensors\n"
        b"m-freeze22-seed0,m,22,freeze,,all-but-head (22),0,1,fine,evaluate,target,head,"
        b"one-to-many,6,12,0.25,nan,l.safetensors\n"
    )
    times = b"model,seed,arm,epoch,steps,seconds\nm,0,m-freeze22-seed0,1,2,0.25\nm,0,m-freeze22-seed0,2,2,0.24\n"
    return [{"results.csv": results, "times.csv": times}]


def records() -> list[Files]:
    """Return a manifest."""
    arms = [{"name": "m-freeze22-seed0", "model": "m", "freeze_point": 22, "status": "complete", "epochs": 2}]
    return [
        {
            "manifest.json": _json(
                {"format": 3, "id": "abc", "suite": {"name": "small"}, "arms": arms, "environment": {"threads": 2}}
            )
        }
    ]


def seals() -> list[Files]:
    """Return a seal."""
    return [
        {"DONE": b"".join(b"%064x  checkpoints/a/epoch-%d.safetensors\n" % (number, number) for number in range(5))}
    ]
