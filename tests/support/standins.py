"""Small drawn datasets in the layout that a suite's data section names: they stand in for data that are not at hand."""

from __future__ import annotations

import colorsys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import yaml
from support.layouts import voc_object, write_coco, write_list, write_voc

from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.data.split import seeded_split
from forgetbench.suite.data_section import Data

#: Where a data section leaves it open: YOLO lists instead of folders, a JSON beside each part's images.
Layout = Literal["usual", "lists", "roboflow"]
WIDTH, HEIGHT = 96, 64
#: Every box has a cell of the image to itself.
COLUMNS, ROWS = 4, 3


@dataclass(frozen=True)
class Picture:
    """An image to be drawn.

    Attributes:
        stem: File name without suffix.
        labels: Class index of each box.
        boxes: (n, 4) int64, xyxy in pixels.
    """

    stem: str
    labels: list[int]
    boxes: np.ndarray


def write_stand_in(
    folder: Path,
    spec: Data,
    classes: Sequence[str],
    train: int,
    evaluate: int,
    *,
    layout: Layout = "usual",
    seed: int = 0,
) -> Path:
    """Write a dataset that `spec` finds under `folder`, and return its root.

    An image has one to three boxes, more only where few images have to show many classes: every class is in both parts.
    Boxes are filled with their class's colour on noise. The same arguments write the same bytes.

    Args:
        folder: What relative paths of data are looked for in.
        spec: The section. Of several parts for one purpose each gets its share of the images. With `split`, it is the
            split's share that decides how many of all images go to which side.
        classes: Classes to draw. Where `spec` names classes, these are some of them.
        train, evaluate: Numbers of images; no training images for a reference.
        layout: What `spec` leaves open.
        seed: Decides what is drawn.

    Raises:
        ValueError: there is no such layout, or too few images for so many classes.
    """
    if spec.path is None:
        raise ValueError("shapes are drawn by forgetbench itself")
    root = folder / spec.path
    if root.suffix in (".yaml", ".yml"):
        root = root.parent
    named = COCO_NAMES if spec.names == "coco" else spec.names or (spec.class_by_name or {}).values()
    declared = list(named or classes)
    labels = [declared.index(name) for name in classes]
    parts = {
        part: list(_pictures(part, stems, given, seed))
        for part, stems, given in _planned(spec, labels, train, evaluate, layout, seed)
    }
    if spec.format == "yolo":
        _write_yolo(root, spec, declared, parts, listed=layout == "lists" or spec.class_by_name is not None)
    elif spec.format == "coco":
        _write_coco(root, spec, declared, parts, beside=layout == "roboflow")
    else:
        _write_voc(root, spec, declared, parts)
    return root


def class_colours(classes: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """Return each class's colour, blue-green-red; no two are the same."""
    colours = {}
    for index, name in enumerate(classes):
        rgb = colorsys.hsv_to_rgb(index / len(classes), (1.0, 0.6)[index % 2], (1.0, 0.75, 0.5)[index % 3])
        red, green, blue = (round(255 * value) for value in rgb)
        colours[name] = (blue, green, red)
    return colours


def _planned(
    spec: Data, labels: list[int], train: int, evaluate: int, layout: Layout, seed: int
) -> Iterator[tuple[str, list[str], list[list[int]]]]:
    """Yield each part's name with its images' stems and labels."""
    keys = list(spec.class_by_name or {})
    if (spec.split is not None and keys) or (spec.split is None and spec.annotations is not None and train):
        raise ValueError("no such layout: file names tell classes but not parts, one JSON file is one part")
    if spec.split is not None:
        stems = [f"{number:06d}" for number in range(1, train + evaluate + 1)]
        held = seeded_split([f"{_image_folder(spec, '')}/{stem}.png" for stem in stems], spec.split)
        sides = {side: iter(_dealt(held.count(side), labels, seed)) for side in (False, True)}
        yield "", stems, [next(sides[side]) for side in held]
        return
    numbers: dict[str, int] = {}
    purposes: list[tuple[Literal["train", "evaluate"], int]] = [("train", train), ("evaluate", evaluate)]
    for purpose, count in purposes:
        dealt = iter(_dealt(count, labels, seed, most=1) if keys else _dealt(count, labels, seed))
        parts = spec.splits(purpose) or (_usual_part(spec, purpose, layout, train),)
        for position, part in enumerate(parts):
            given = list(islice(dealt, len(range(position, count, len(parts)))))
            stems = []
            for shown in given:
                # Years of VOC number their images alike.
                space = part.rpartition("/")[0]
                numbers[space] = numbers.get(space, 0) + 1
                prefix = f"{keys[shown[0]]}_" if keys else ""
                stems.append(f"{prefix}{numbers[space]:06d}")
            if given:
                yield part, stems, given


def _usual_part(spec: Data, purpose: str, layout: Layout, train: int) -> str:
    if purpose == "train":
        return "train"
    if spec.class_by_name:
        return "test"
    if spec.annotations is not None or (spec.format == "yolo" and spec.names is not None and not train):
        return ""
    return "valid" if layout == "roboflow" else "val"


def _dealt(count: int, labels: list[int], seed: int, most: int = COLUMNS * ROWS) -> list[list[int]]:
    """Deal labels out to images: one to three each, or as many as it takes to show them all, but never over `most`."""
    if count and len(labels) > count * most:
        raise ValueError(f"{count} images cannot show {len(labels)} classes")
    rng = np.random.default_rng(seed)
    least = -(-len(labels) // count) if count else 0
    dealer = cycle(labels)
    return [list(islice(dealer, min(most, max(least, int(rng.integers(1, 4)))))) for _ in range(count)]


def _pictures(part: str, stems: list[str], labels: list[list[int]], seed: int) -> Iterator[Picture]:
    wide, high = WIDTH // COLUMNS, HEIGHT // ROWS
    for stem, given in zip(stems, labels, strict=True):
        rng = np.random.default_rng([seed, zlib.crc32(f"{part}/{stem}".encode())])
        cells = rng.permutation(COLUMNS * ROWS)[: len(given)]
        sizes = rng.integers((wide // 2, high // 2), (wide - 2, high - 2), (len(given), 2))
        corners = np.stack([cells % COLUMNS * wide, cells // COLUMNS * high], axis=1) + rng.integers(1, 3, sizes.shape)
        yield Picture(stem, given, np.concatenate([corners, corners + sizes], axis=1))


def _draw(path: Path, picture: Picture, declared: Sequence[str]) -> None:
    rng = np.random.default_rng(zlib.crc32(picture.boxes.tobytes()))
    pixels = rng.integers(60, 130, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    colours = list(class_colours(declared).values())
    for label, (x1, y1, x2, y2) in zip(picture.labels, picture.boxes, strict=True):
        pixels[y1:y2, x1:x2] = colours[label]
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def _image_folder(spec: Data, part: str) -> str:
    """Return where a part's images lie, relative to the dataset."""
    if spec.format == "voc":
        return f"{part.rpartition('/')[0]}/JPEGImages".lstrip("/")
    if spec.format == "coco":
        return spec.images or part or "images"
    return "data" if spec.class_by_name else f"images/{part}".rstrip("/")


def _write_yolo(root: Path, spec: Data, declared: list[str], parts: dict[str, list[Picture]], *, listed: bool) -> None:
    places = {}
    for part, pictures in parts.items():
        inside = _image_folder(spec, "" if listed else part)
        for picture in pictures:
            image = root / inside / f"{picture.stem}.png"
            _draw(image, picture, declared)
            lines = []
            for label, (x1, y1, x2, y2) in zip(picture.labels, picture.boxes.tolist(), strict=True):
                shares = ((x1 + x2) / 2 / WIDTH, (y1 + y2) / 2 / HEIGHT, (x2 - x1) / WIDTH, (y2 - y1) / HEIGHT)
                lines.append(" ".join(map(str, (0 if spec.class_by_name else label, *shares))))
            text = root / inside.replace("images", "labels") / f"{picture.stem}.txt"
            text.parent.mkdir(parents=True, exist_ok=True)
            text.write_text("\n".join(lines) + "\n")
        name = part or "train"
        if listed:
            entries = [p.stem if spec.class_by_name else f"./{inside}/{p.stem}.png" for p in pictures]
            (root / f"{name}.txt").write_text("\n".join(entries) + "\n")
        places[name] = f"{name}.txt" if listed else inside
    if spec.names is None and spec.class_by_name is None:
        file = Path(spec.path or "").name if Path(spec.path or "").suffix in (".yaml", ".yml") else "data.yaml"
        (root / file).write_text(yaml.safe_dump({**places, "nc": len(declared), "names": dict(enumerate(declared))}))


def _write_coco(root: Path, spec: Data, declared: list[str], parts: dict[str, list[Picture]], *, beside: bool) -> None:
    categories = {2 * index + 1: name for index, name in enumerate(declared)}
    for part, pictures in parts.items():
        images: list[dict[str, object]] = []
        annotations: list[dict[str, object]] = []
        for number, picture in enumerate(pictures, start=1):
            name = f"{picture.stem}.png"
            _draw(root / _image_folder(spec, part) / name, picture, declared)
            images.append({"id": 10 * number, "file_name": name, "width": WIDTH, "height": HEIGHT})
            for label, (x1, y1, x2, y2) in zip(picture.labels, picture.boxes.tolist(), strict=True):
                annotation = {"id": len(annotations) + 1, "image_id": 10 * number, "category_id": 2 * label + 1}
                annotations.append({**annotation, "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)})
        usual = f"{part}/_annotations.coco.json" if beside else f"annotations/instances_{part}.json"
        write_coco(root, images, annotations, categories, spec.annotations or (usual if part else "annotations.json"))


def _write_voc(root: Path, spec: Data, declared: list[str], parts: dict[str, list[Picture]]) -> None:
    for part, pictures in parts.items():
        year, _, name = part.rpartition("/")
        for picture in pictures:
            _draw(root / _image_folder(spec, part) / f"{picture.stem}.png", picture, declared)
            objects = [
                voc_object(declared[label], x1 + 1, y1 + 1, x2, y2)
                for label, (x1, y1, x2, y2) in zip(picture.labels, picture.boxes.tolist(), strict=True)
            ]
            write_voc(root / year, picture.stem, *objects, size=(WIDTH, HEIGHT), image=False)
        if name:
            write_list(root / year, name, *(picture.stem for picture in pictures))
