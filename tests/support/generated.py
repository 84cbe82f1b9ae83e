"""What small generated datasets are made of: pictures, names, boxes, and what their maker knows of the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple

from PIL import Image

Purpose = Literal["train", "evaluate"]
Size = tuple[int, int]
Box = tuple[float, float, float, float]

_ORIENTATION = 274
#: Orientations that swap width and height, as phones write them (6, 8) and mirrored (5, 7).
TURNED = (6, 8, 5, 7)
SUFFIXES = (".png", ".jpg", ".png", ".jpeg", ".bmp", ".JPG", ".webp", ".tif")
_STEMS = ("{}", "im_{}", "Bild {} ä", "写真{}", "a.b.{}", "x#{} (1)", "кот{}", "100% {}")
_CLASSES = ("cat", "traffic light", "Äpfel & Birnen", "猫", "7", "red-blood_cell", "o'clock", "кот", "a, b", "tea pot")


class Row(NamedTuple):
    """One annotation as others read it: box xyxy in pixels of the upright image; its own area if it has one."""

    name: str
    box: Box
    crowd: bool = False
    area: float | None = None


@dataclass(frozen=True)
class Part:
    """Where a part is: what names its images (a folder, a list or a JSON), and the folder they lie under."""

    place: Path
    images: Path


@dataclass
class Made:
    """A dataset on disk.

    Attributes:
        root: Its folder.
        names: Class names, where the format numbers classes.
        parts: Where the images of either purpose are.
        section: Keys of a suite's data section beside format and path.
        described: The data.yaml, if there is one.
        counts_from: Number of the first pixel (VOC).
        expected: By image, what its maker knows of it, where no other program defines that.
    """

    root: Path
    names: tuple[str, ...] = ()
    parts: dict[Purpose, list[Part]] = field(default_factory=lambda: {"train": [], "evaluate": []})
    section: dict[str, Any] = field(default_factory=dict)
    described: Path | None = None
    counts_from: int = 1
    expected: dict[Path, list[Row]] = field(default_factory=dict)


class Namer:
    """Gives file stems that differ within a dataset, odd ones among them."""

    def __init__(self, rng: Random, stems: Sequence[str] = _STEMS) -> None:
        self._rng, self._stems, self._given = rng, stems, 0

    def stem(self) -> str:
        """Return the next stem."""
        self._given += 1
        return self._rng.choice(self._stems).format(self._given)


def plain_namer(rng: Random) -> Namer:
    """Return a namer whose stems hold no space."""
    return Namer(rng, [stem for stem in _STEMS if " " not in stem])


def class_names(rng: Random, least: int = 1) -> tuple[str, ...]:
    """Return some class names in no order."""
    return tuple(rng.sample(_CLASSES, rng.randint(least, 5)))


def random_size(rng: Random, *, oblong: bool = False) -> Size:
    """Return a (width, height) of 16 to 64 pixels; the sides of an oblong differ."""
    width = rng.randint(16, 64)
    return width, rng.choice([side for side in range(16, 65) if not oblong or abs(side - width) > 3])


def write_picture(path: Path, size: Size, rng: Random, orientation: int = 1) -> None:
    """Write a plain image of some colour; with an orientation other than 1 the size is the stored one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, (rng.randrange(256), rng.randrange(256), rng.randrange(256)))
    if orientation == 1:
        image.save(path)
        return
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    image.save(path, exif=exif)


def upright_size(stored: Size, orientation: int) -> Size:
    """Return the (width, height) an image is shown at."""
    return (stored[1], stored[0]) if orientation in TURNED else stored


def turned(box: Box, stored: Size, orientation: int) -> Box:
    """Return where a box of the stored image lies in the upright one."""
    (x1, y1, x2, y2), (width, height) = box, stored
    if orientation == 6:
        return height - y2, x1, height - y1, x2
    if orientation == 8:
        return y1, width - x2, y2, width - x1
    if orientation == 7:
        return height - y2, width - x2, height - y1, width - x1
    return (y1, x1, y2, x2) if orientation == 5 else box


def random_box(rng: Random, size: Size, *, whole: bool = False) -> Box:
    """Return a box of two pixels or more inside an image, on whole pixels if so wanted."""
    width, height = size
    x1, y1 = rng.uniform(0, width - 4), rng.uniform(0, height - 4)
    x2, y2 = rng.uniform(x1 + 2.5, width), rng.uniform(y1 + 2.5, height)
    return (float(int(x1)), float(int(y1)), float(int(x2)), float(int(y2))) if whole else (x1, y1, x2, y2)


def suffix_for(rng: Random, orientation: int) -> str:
    """Return an image suffix; orientations are written where all decoders agree on them."""
    return rng.choice((".jpg", ".jpeg", ".JPG", ".png")) if orientation != 1 else rng.choice(SUFFIXES)
