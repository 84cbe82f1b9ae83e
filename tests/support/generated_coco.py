"""Small COCO datasets: sparse ids, crowds, outlines without boxes, parts in many places, turned and resized images."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Literal

from support.generated import (
    TURNED,
    Box,
    Made,
    Namer,
    Part,
    Purpose,
    Row,
    Size,
    class_names,
    random_box,
    random_size,
    suffix_for,
    turned,
    upright_size,
    write_picture,
)

_Json = dict[str, Any]
#: Makes an annotation's box, outline, area and crowd flag.
Annotate = Callable[[Random, Size], _Json]
Ids = Literal["whole", "text", "float", "digits"]
#: Where parts' JSON files are, and their images.
_LAYOUTS = (
    ("annotations/instances_{}.json", "{}"),
    ("annotations/instances_{}.json", "images/{}"),
    ("annotations/instances_{}.json", "images"),
    ("annotations/instances_{}.json", "."),
    ("{}/_annotations.coco.json", "{}"),
)
_PARTS: tuple[tuple[Purpose, tuple[str, ...]], ...] = (
    ("train", ("train", "train2017")),
    ("evaluate", ("val", "val2017", "valid", "test")),
)


def xywh(box: Box) -> list[float]:
    """Return a box as COCO writes it."""
    x1, y1, x2, y2 = box
    return [x1, y1, x2 - x1, y2 - y1]


def plain_box(rng: Random, size: Size) -> _Json:
    """Return a box inside the image; its area, where it has one, need not be width times height."""
    box = xywh(random_box(rng, size, whole=rng.random() < 0.5))
    made: _Json = {"bbox": box, "iscrowd": 0, "area": box[2] * box[3] * rng.choice((1, 1, 0.6))}
    for key in ("iscrowd", "area"):
        if rng.random() < 0.15:
            del made[key]
    if rng.random() < 0.05:
        made["area"] = 0
    return made


def odd_box(rng: Random, size: Size) -> _Json:
    """Return a box that may lie over an edge, beside the image, or be without an extent."""
    made = plain_box(rng, size)
    if rng.random() < 0.6:
        return made
    (x, y, w, h), (width, height) = made["bbox"], size
    made["bbox"] = rng.choice(
        [
            [x, y, w, 0],
            [x, y, -w, h],
            [x - width / 2, y - 3.25, w + width, h],
            [x, y, w + width, h + height],
            [width + 5, y, w, h],
            [x, -h - 4, w, h],
        ]
    )
    return made


def crowd_or_outline(rng: Random, size: Size) -> _Json:
    """Return a crowd with its run lengths, a box with an outline, or an outline alone, in one polygon or two."""
    made = plain_box(rng, size)
    x, y, w, h = made["bbox"]
    kind = rng.randrange(4)
    if kind == 0:
        return {**made, "iscrowd": 1, "segmentation": {"counts": [0, size[0] * size[1]], "size": [size[1], size[0]]}}
    parts = [[x, y, x + w, y + h / 3, x + w / 2, y + h]]
    if rng.random() < 0.4:
        parts.append([x + w / 2, y, x + w, y + h, x + w / 4, y + h / 2])
    if kind == 1:
        return {**made, "segmentation": parts}
    if kind == 2:
        return {**{key: value for key, value in made.items() if key != "bbox"}, "segmentation": parts}
    return {**made, "bbox": None, "segmentation": parts}


def make_coco(
    root: Path, rng: Random, annotate: Annotate, *, ids: Ids | None = None, own_categories: bool = False
) -> Made:
    """Write a dataset of two parts, or at times of one without a name.

    Args:
        root: Its folder.
        rng: Decides everything.
        annotate: Makes the annotations beside the plain ones that every part has.
        ids: How ids of images are written; by default as whole numbers or text.
        own_categories: Whether a part's JSON lists only categories that the part has.
    """
    made = Made(root)
    names = class_names(rng, least=3 if own_categories else 1)
    categories = dict(zip(rng.sample(range(1, 99), len(names)), names, strict=True))
    usual: tuple[Ids, ...] = ("whole", "whole", "text")
    form: Ids = rng.choice(usual) if ids is None else ids
    json_form, folder_form = rng.choice(_LAYOUTS)
    namer = Namer(rng)
    alone = not own_categories and rng.random() < 0.15
    for purpose, called in _PARTS[1:] if alone else _PARTS:
        part = rng.choice(called)
        folder = root / folder_form.format(part)
        given = categories
        if own_categories:
            given = {key: categories[key] for key in rng.sample(list(categories), rng.randint(1, len(names) - 1))}
        document = _document(folder, rng, namer, annotate, given, form)
        path = _written(root / json_form.format(part), document)
        made.parts[purpose].append(Part(path, folder))
        if alone:
            made.section = {"annotations": str(path.relative_to(root)), "images": str(folder.relative_to(root))}
    return made


def _document(
    folder: Path, rng: Random, namer: Namer, annotate: Annotate, categories: dict[int, str], form: Ids
) -> _Json:
    images: list[_Json] = []
    annotations: list[_Json] = []
    keys = [_identity(number, form) for number in rng.sample(range(1, 5000), 4)]
    for key in keys[: rng.randint(1, 3)]:
        orientation = rng.choice(TURNED) if rng.random() < 0.1 else 1
        stored = random_size(rng)
        size = upright_size(stored, orientation)
        name = rng.choice(("", "", "a b/", "deep/er/")) + namer.stem() + suffix_for(rng, orientation)
        write_picture(folder / name, stored, rng, orientation)
        images.append({"id": key, "file_name": name, **_stated(rng, size)})
        made = [annotate(rng, size) for _ in range(rng.randrange(5))]
        if len(images) == 1:
            made.append({**plain_box(rng, size), "iscrowd": 0})
        if made and rng.random() < 0.2:
            made.append(rng.choice(made))
        for content in made:
            category = rng.choice(list(categories))
            annotations.append({"image_id": key, "category_id": _number(category, form), **content})
    if rng.random() < 0.1:  # of an image that is not listed
        annotations.append({**annotations[0], "image_id": keys[3]})
    if rng.random() < 0.1:
        annotations.append({**annotations[0], "category_id": 100})
    return _joined(rng, images, annotations, _listed(categories, form))


def _listed(categories: dict[int, str], form: Ids = "whole") -> list[_Json]:
    return [{"id": _number(key, form), "name": name, "supercategory": "thing"} for key, name in categories.items()]


def _joined(rng: Random, images: list[_Json], annotations: list[_Json], categories: list[_Json]) -> _Json:
    """Return a document in no order of any ids."""
    numbers = rng.sample(range(1, 90000), len(annotations))
    annotations = [{"id": number, **annotation} for number, annotation in zip(numbers, annotations, strict=True)]
    rng.shuffle(annotations)
    rng.shuffle(images)
    return {"info": {"year": 2020}, "images": images, "annotations": annotations, "categories": categories}


def _identity(number: int, form: Ids) -> int | str | float:
    return f"{number:05d}x" if form == "text" else _number(number, form)


def _number(key: int, form: Ids) -> int | str | float:
    return float(key) if form == "float" else str(key) if form == "digits" else key


def _stated(rng: Random, size: Sequence[float]) -> _Json:
    """Return an image's size as a number, a float, text, or not at all."""
    form: Callable[[float], object] = rng.choice((int, int, int, float, str))
    return {} if rng.random() < 0.1 else {"width": form(size[0]), "height": form(size[1])}


def _written(path: Path, document: _Json) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def make_coco_told(root: Path, rng: Random, *, stored_frame: bool = False, factor: float = 1.0) -> Made:
    """Write a dataset whose boxes need more than its JSON to be understood, with the boxes that are right.

    Args:
        root: Its folder.
        rng: Decides everything.
        stored_frame: Whether sizes and boxes are those of the stored images, some of which are shown turned.
        factor: What stated sizes and boxes are of the images' own.
    """
    made = Made(root)
    categories = dict(zip(rng.sample(range(1, 99), 3), class_names(rng, least=3), strict=False))
    namer = Namer(rng)
    parts: tuple[tuple[Purpose, str], ...] = (("train", "train"), ("evaluate", "val"))
    for purpose, part in parts:
        images: list[_Json] = []
        annotations: list[_Json] = []
        folder = root / "images" / part
        for index in range(rng.randint(2, 3)):
            orientation = rng.choice(TURNED) if stored_frame and (index == 0 or rng.random() < 0.6) else 1
            stored = random_size(rng, oblong=True)
            stored = (stored[0] - stored[0] % 4, stored[1] - stored[1] % 4)
            image = folder / f"{namer.stem()}{suffix_for(rng, orientation)}"
            write_picture(image, stored, rng, orientation)
            stated_width, stated_height = (int(side * factor) for side in stored)
            images.append({"id": index, "file_name": image.name, "width": stated_width, "height": stated_height})
            rows = []
            for _ in range(rng.randint(1, 3)):
                box = random_box(rng, stored)
                category = rng.choice(list(categories))
                x, y, w, h = xywh(box)
                area = 0.6 * w * h if rng.random() < 0.5 else None
                rows.append(Row(categories[category], turned(box, stored, orientation), area=area))
                stated: _Json = {"bbox": [value * factor for value in (x, y, w, h)], "iscrowd": 0}
                if area is not None:
                    stated["area"] = area * factor**2
                annotations.append({"image_id": index, "category_id": category, **stated})
            made.expected[image] = rows
        path = _written(
            root / "annotations" / f"instances_{part}.json", _joined(rng, images, annotations, _listed(categories))
        )
        made.parts[purpose].append(Part(path, folder))
    return made
