"""Small Pascal VOC datasets: lists and years, difficult objects, parts of objects, numbers written in many ways."""

from __future__ import annotations

from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

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
    plain_namer,
    random_box,
    random_size,
    suffix_for,
    turned,
    upright_size,
    write_picture,
)

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_PARTS: tuple[tuple[Purpose, tuple[str, ...]], ...] = (
    ("train", ("train", "trainval")),
    ("evaluate", ("val", "test", "validation")),
)


def _corners(box: Box, rng: Random) -> str:
    """Return the corners as text, in any order, whole numbers as such or with a point."""
    sides = list(zip(_SIDES, box, strict=True))
    if rng.random() < 0.2:
        rng.shuffle(sides)
    space = rng.choice(("", "", " ", "\n"))
    texts = [f"{value:g}" if value == int(value) and rng.random() < 0.8 else f"{value:.4f}" for _, value in sides]
    return "".join(f"<{side}>{space}{text}{space}</{side}>" for (side, _), text in zip(sides, texts, strict=True))


def _object(rng: Random, name: str | None, box: Box | None, part: Box, difficult: str = "0") -> str:
    """Return an object with its elements in any order, at times with a part that has a name and a box of its own."""
    elements = [f"<difficult>{difficult}</difficult>", "<pose>Unspecified</pose>", "<truncated>1</truncated>"]
    if name is not None:
        comment = rng.choice(("", "", "<!-- checked -->"))
        elements.append(f"<name>{comment}{escape(name)}</name>")
    if box is not None:
        elements.append(f"<bndbox>{_corners(box, rng)}</bndbox>")
    if rng.random() < 0.3:
        elements.append(f"<part><name>head</name><bndbox>{_corners(part, rng)}</bndbox></part>")
    rng.shuffle(elements)
    return f"<object>{''.join(elements)}</object>"


def _document(rng: Random, image: Path, size: Size | None, objects: list[str]) -> bytes:
    space = rng.choice(("", "", " ", "\n  "))
    width, height = (f"{space}{side}{space}" for side in size or (0, 0))
    stated = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    if size is None and rng.random() < 0.5:
        stated = ""
    encoding = rng.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16"))
    declared = rng.random() < 0.5
    start = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n' if declared else ""
    body = f"<filename>{escape(image.name)}</filename>{stated}{''.join(objects)}"
    return f"{start}<annotation>\n{body}\n</annotation>\n".encode(encoding)


def make_voc(root: Path, rng: Random, *, counts_from: int = 1, spaces: bool = False) -> Made:
    """Write a dataset of two parts, in one folder or in one a year, or at times of one part without a list.

    Args:
        root: Its folder.
        rng: Decides everything.
        counts_from: The number of the first pixel. A set that counts from 0 has a 0, one from 1 nothing below 1.
        spaces: Whether names in lists hold spaces.
    """
    made = Made(root, counts_from=counts_from)
    names = class_names(rng)
    keeps = rng.random() < 0.7
    made.section["difficult"] = "keep" if keeps else "drop"
    years = rng.choice(((), (), ("VOC2007",), ("VOC2007", "VOC2012")))
    namer = Namer(rng, ("a b {}", "{} c", "{}")) if spaces else plain_namer(rng)
    alone = not years and not spaces and rng.random() < 0.2
    zero_in = "evaluate" if alone else rng.choice(("train", "evaluate"))
    for purpose, called in _PARTS[1:] if alone else _PARTS:
        part = rng.choice(called)
        for year in years or ("",):
            stems = []
            for index in range(rng.randint(1, 3)):
                zero = counts_from == 0 and purpose == zero_in and index == 0
                stems.append(_write_image(root / year, rng, namer, names, counts_from, first=index == 0, zero=zero))
            if alone:
                made.parts[purpose].append(Part(root / "Annotations", root / "JPEGImages"))
                return made
            place = root / year / "ImageSets" / "Main" / f"{part}.txt"
            place.parent.mkdir(parents=True, exist_ok=True)
            text = rng.choice(("\n", "\r\n")).join(stems) + rng.choice(("", "\n", "\n\n"))
            place.write_text(rng.choice(("", "", "\ufeff")) + text, encoding="utf-8", newline="")
            made.parts[purpose].append(Part(place, root / year / "JPEGImages"))
        asked = [f"{year}/{part}".lstrip("/") for year in years or ("",)]
        if years or part in ("trainval", "test", "validation"):
            made.section[purpose] = asked if len(asked) > 1 or rng.random() < 0.5 else asked[0]
    return made


def _write_image(
    folder: Path, rng: Random, namer: Namer, names: tuple[str, ...], counts_from: int, *, first: bool, zero: bool
) -> str:
    orientation = rng.choice(TURNED) if rng.random() < 0.1 else 1
    stored = random_size(rng, oblong=True)
    size = upright_size(stored, orientation)
    stem = namer.stem()
    image = folder / "JPEGImages" / f"{stem}{suffix_for(rng, orientation)}"
    write_picture(image, stored, rng, orientation)
    objects = []
    if first:
        objects.append(_object(rng, names[0], _pixels(rng, size, counts_from, whole=True), (2, 2, 9, 9)))
    if zero:
        x1, y1, x2, y2 = _pixels(rng, size, 0, whole=True)
        edge = rng.choice(((0, y1, x2, y2), (x1, 0, x2, y2), (0, 0, x2, y2)))
        objects.append(_object(rng, names[0], edge, (2, 2, 9, 9)))
    for _ in range(rng.randrange(4)):
        objects.append(_any_object(rng, size, names, counts_from))
    if objects and rng.random() < 0.15:
        objects.append(rng.choice(objects))
    rng.shuffle(objects)
    path = folder / "Annotations" / f"{stem}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_document(rng, image, None if rng.random() < 0.1 else size, objects))
    return stem


def _pixels(rng: Random, size: Size, counts_from: int, *, whole: bool) -> Box:
    """Return a box in VOC's numbers, never at a 0: the first pixel is `counts_from`, or a later one."""
    x1, y1, x2, y2 = random_box(rng, size, whole=whole)
    low = 1.0
    return max(x1 + counts_from, low), max(y1 + counts_from, low), max(x2, 3.0), max(y2, 3.0)


def _any_object(rng: Random, size: Size, names: tuple[str, ...], counts_from: int) -> str:
    box: Box | None = _pixels(rng, size, counts_from, whole=rng.random() < 0.6)
    assert box is not None
    name: str | None = rng.choice(names)
    width, height = size
    kind = rng.randrange(12)
    if kind == 0:
        box = (1, 1, width, height)
    elif kind == 1:
        box = (box[0], box[1], width + 7, box[3])  # over the edge
    elif kind == 2:
        box = (box[0], box[1], box[0], box[3])  # nobody drew it
    elif kind == 3:
        box = (width + 3, 1, width + 9, 8)  # beside the image
    elif kind == 4:
        name = rng.choice((None, "", "  "))
    elif kind == 5:
        box = None
    return _object(rng, name, box, (1, 2, 7, 8), rng.choice(("0", "0", "1", " 1 ")))


def make_voc_told(root: Path, rng: Random, *, stored_frame: bool = False, factor: int = 1) -> Made:
    """Write a dataset whose boxes need more than its XML to be understood, with the boxes that are right.

    Args:
        root: Its folder.
        rng: Decides everything.
        stored_frame: Whether sizes and boxes are those of the stored images, some of which are shown turned.
        factor: What stated sizes and boxes are of the images' own.
    """
    made = Made(root)
    names, namer = class_names(rng), plain_namer(rng)
    parts: tuple[tuple[Purpose, str], ...] = (("train", "train"), ("evaluate", "val"))
    for purpose, part in parts:
        stems = []
        for index in range(rng.randint(2, 3)):
            orientation = rng.choice(TURNED) if stored_frame and (index == 0 or rng.random() < 0.6) else 1
            stored = random_size(rng, oblong=True)
            stems.append(namer.stem())
            image = root / "JPEGImages" / f"{stems[-1]}{suffix_for(rng, orientation)}"
            write_picture(image, stored, rng, orientation)
            objects, rows = [], []
            for _ in range(rng.randint(1, 3)):
                name, box = rng.choice(names), random_box(rng, stored, whole=True)
                x1, y1, x2, y2 = (value * factor for value in box)
                objects.append(_object(rng, name, (x1 + 1, y1 + 1, x2, y2), (2, 2, 9, 9)))
                rows.append(Row(name, turned(box, stored, orientation)))
            path = root / "Annotations" / f"{stems[-1]}.xml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_document(rng, image, (stored[0] * factor, stored[1] * factor), objects))
            made.expected[image] = rows
        place = root / "ImageSets" / "Main" / f"{part}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n".join(stems) + "\n", encoding="utf-8")
        made.parts[purpose].append(Part(place, root / "JPEGImages"))
    return made
