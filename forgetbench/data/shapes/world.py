"""The built-in shapes world: two small detection datasets, drawn on first use and kept in the cache.

`general` plays the reference: many silhouettes in all colours, textures and clutter. `fine` plays the target: rings
that differ only in the marks inside them, on pale hatched paper. What tells the fine classes apart is nuisance in the
general world, so a head alone cannot learn them well; deep fine-tuning has something to gain, and to forget.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from forgetbench.data.dataset import Dataset, Sample
from forgetbench.data.images.known_images import hashes_of
from forgetbench.data.shapes import drawing
from forgetbench.errors import DataError
from forgetbench.faults import writing
from forgetbench.files import cache_folder, regular_bytes, sha256_json, writable_cache
from forgetbench.room import require_room, taken
from forgetbench.suite.data_section import Data, Purpose

World = Literal["general", "fine"]
Circle = tuple[tuple[float, float], float]

#: Raise it whenever the drawing changes: cached images are then drawn again.
VERSION = 3
FIGURES: dict[World, dict[str, drawing.Figure]] = {"general": drawing.GENERAL, "fine": drawing.FINE}
MOST_FIGURES = 6
#: Least and largest radius of a figure as a share of the image's side.
RADII: dict[World, tuple[float, float]] = {"general": (0.09, 0.2), "fine": (0.1, 0.22)}
#: Least distance of two figures' centres as a share of the sum of their radii; below 1 they may hide parts of others.
LEAST_SPACING = 0.7
_ANNOTATIONS = "annotations.json"
_MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class Picture:
    """A drawn image.

    Attributes:
        pixels: (size, size, 3) uint8, blue-green-red.
        boxes: (n, 4) float64, xyxy in pixels, of what is visible of each figure.
        classes: (n,) int64, indices into the world's sorted class names.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float64]
    classes: NDArray[np.int64]


def shapes_class_names(world: World) -> tuple[str, ...]:
    """Return the names of a world's classes in order."""
    return tuple(sorted(FIGURES[world]))


def draw_world(spec: Data, split: Purpose) -> Dataset:
    """Return one split of a shapes world, drawing it into the cache unless it is there.

    Raises:
        DataError: the cached files are damaged.
        InputError: there are none, and the cache cannot be written.
    """
    if spec.world is None:
        raise DataError("no world to draw", expected="general or fine", found="none")
    count = spec.train_images if split == "train" else spec.evaluate_images
    key = {"version": VERSION, "world": spec.world, "size": spec.size, "seed": spec.seed, "part": split, "count": count}
    folder = cache_folder() / "shapes" / sha256_json(key)[:16]
    if not folder.is_dir():
        writable_cache("shapes")
        _draw_folder(folder, spec.world, spec.size, spec.seed, split, count)
    return _read_folder(folder, spec.world, spec.size, split)


def draw_picture(world: World, size: int, seed: int, split: Purpose, index: int) -> Picture:
    """Return one image; it depends on nothing but the arguments."""
    digest = hashlib.sha256(f"{seed}/{world}/{split}/{index}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest, "little"))
    canvas = _general_ground(rng, size) if world == "general" else _fine_ground(rng, size)
    figures = FIGURES[world]
    names = sorted(figures)
    masks: list[NDArray[np.bool_]] = []
    circles: list[Circle] = []
    classes: list[int] = []
    for _ in range(1 + int(rng.random() * MOST_FIGURES)):
        label = int(rng.random() * len(names))
        circle = _free_circle(rng, size, world, circles)
        if circle is None:
            continue
        mask = drawing.figure_mask(figures[names[label]], size, *circle, rng.uniform(0, 2 * np.pi))
        masks.append(mask)
        circles.append(circle)
        classes.append(label)
        paint = _general_paint(rng, size, canvas, mask) if world == "general" else _fine_paint(rng, size, canvas)
        drawing.blend(canvas, paint, drawing.coverage(mask))
    canvas += rng.uniform(1.0, 5.0) * (rng.random((size, size, 3)) - 0.5) * 2
    pixels = np.clip(np.round(canvas), 0, 255).astype(np.uint8)
    # What is hidden altogether has no box.
    seen = [(drawing.mask_box(mask), label) for mask, label in zip(visible(masks), classes, strict=True) if mask.any()]
    boxes = np.array([box for box, _ in seen], dtype=np.float64)
    return Picture(pixels, boxes, np.array([label for _, label in seen], dtype=np.int64))


def visible(masks: list[NDArray[np.bool_]]) -> list[NDArray[np.bool_]]:
    """Return what each mask shows beside those drawn after it."""
    seen: list[NDArray[np.bool_]] = []
    covered = np.zeros_like(masks[0])
    for mask in reversed(masks):
        seen.insert(0, mask & ~covered)
        covered |= mask
    return seen


def _free_circle(rng: np.random.Generator, size: int, world: World, taken: list[Circle]) -> Circle | None:
    """Return a circle inside the image that overlaps others only at their edges, or None if none was found."""
    smallest, largest = RADII[world]
    for _ in range(20):
        radius = size * rng.uniform(smallest, largest)
        centre = (rng.uniform(radius, size - radius), rng.uniform(radius, size - radius))
        if all(np.hypot(centre[0] - x, centre[1] - y) >= LEAST_SPACING * (radius + r) for (x, y), r in taken):
            return centre, radius
    return None


def _colour(rng: np.random.Generator, low: float = 0.0, high: float = 255.0) -> drawing.Image:
    return rng.uniform(low, high, 3).astype(np.float32)


def _general_ground(rng: np.random.Generator, size: int) -> drawing.Image:
    canvas = drawing.gradient(size, _colour(rng), _colour(rng), rng.uniform(0, 2 * np.pi))
    canvas += rng.uniform(0, 40) * drawing.blotches(rng, size, 3 + int(rng.random() * 10))
    if rng.random() < 0.3:
        wave = drawing.stripes(size, size * rng.uniform(0.03, 0.2), rng.uniform(0, np.pi), rng.uniform(0, 6))
        drawing.blend(canvas, np.broadcast_to(_colour(rng), canvas.shape), 0.3 * wave)
    for _ in range(int(rng.random() * 6)):
        points = [(x * size, y * size) for x, y in rng.random((3, 2))]
        mask = drawing.line_mask(size, points, size * rng.uniform(0.006, 0.02))
        drawing.blend(canvas, np.broadcast_to(_colour(rng), canvas.shape), drawing.coverage(mask))
    return canvas


def _general_paint(
    rng: np.random.Generator, size: int, canvas: drawing.Image, mask: NDArray[np.bool_]
) -> drawing.Image:
    """Return a plain, shaded or striped paint that stands out from what is under the mask."""
    alpha = drawing.coverage(mask)
    under = (canvas * alpha).sum(axis=(0, 1)) / alpha.sum()
    first = _colour(rng)
    while np.abs(first - under).sum() < 150:
        first = _colour(rng)
    second = np.clip(first + rng.uniform(-60, 60, 3), 0, 255).astype(np.float32)
    kind = rng.random()
    if kind < 0.4:
        return np.broadcast_to(first, canvas.shape)
    if kind < 0.7:
        return drawing.gradient(size, first, second, rng.uniform(0, 2 * np.pi))
    wave = drawing.stripes(size, size * rng.uniform(0.03, 0.08), rng.uniform(0, np.pi), rng.uniform(0, 6))
    striped: drawing.Image = first + wave * (second - first)
    return striped


def _fine_ground(rng: np.random.Generator, size: int) -> drawing.Image:
    paper = np.array([170, 195, 205], np.float32) + rng.uniform(-25, 25, 3).astype(np.float32)
    canvas = np.zeros((size, size, 3), np.float32) + paper
    canvas += rng.uniform(5, 15) * drawing.blotches(rng, size, 4 + int(rng.random() * 6))
    for _ in range(1 + int(rng.random() * 2)):
        wave = drawing.stripes(size, size * rng.uniform(0.03, 0.07), rng.uniform(0, np.pi), rng.uniform(0, 6))
        canvas -= rng.uniform(25, 60) * wave
    return canvas


def _fine_paint(rng: np.random.Generator, size: int, canvas: drawing.Image) -> drawing.Image:
    """Return dark or light ink over the paper, worn by blotches."""
    ink = _colour(rng, 30, 90) if rng.random() < 0.6 else _colour(rng, 225, 255)
    worn = 0.2 + 0.3 * drawing.blotches(rng, size, 16)
    paint: drawing.Image = ink + np.clip(worn, 0, 1) * (canvas - ink)
    return paint


def _draw_folder(folder: Path, world: World, size: int, seed: int, split: Purpose, count: int) -> None:
    with writing(folder):
        _draw_whole(folder, world, size, seed, split, count)


def _draw_whole(folder: Path, world: World, size: int, seed: int, split: Purpose, count: int) -> None:
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        annotations: list[dict[str, Any]] = []
        for index in range(count):
            picture = draw_picture(world, size, seed, split, index)
            name = f"{index:06d}.png"
            content = cv2.imencode(".png", picture.pixels)[1].tobytes()
            require_room(folder, taken(len(content)), "the images that are drawn")
            (temporary / name).write_bytes(content)
            boxes, classes = picture.boxes.tolist(), picture.classes.tolist()
            sha256 = hashlib.sha256(content).hexdigest()
            annotations.append({"image": name, "sha256": sha256, "boxes": boxes, "classes": classes})
        (temporary / _ANNOTATIONS).write_text(json.dumps(annotations), encoding="utf-8")
        temporary.chmod(0o755)
        try:
            temporary.rename(folder)
        except OSError:  # another process drew the same images meanwhile
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _read_folder(folder: Path, world: World, size: int, split: Purpose) -> Dataset:
    try:
        annotations = json.loads(regular_bytes(folder / _ANNOTATIONS, _MOST_BYTES))
        hashes = hashes_of([folder / entry["image"] for entry in annotations])
        for entry in annotations:
            if hashes[folder / entry["image"]] != entry["sha256"]:
                raise ValueError(f"{entry['image']} is not what was drawn")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            "drawn images are damaged", where=folder, found=error, fix="Delete this folder; it will be drawn again."
        ) from error
    samples = []
    for entry in annotations:
        boxes = np.array(entry["boxes"], dtype=np.float64).reshape(-1, 4)
        samples.append(
            Sample(
                image=folder / entry["image"],
                width=size,
                height=size,
                boxes=boxes,
                classes=np.array(entry["classes"], dtype=np.int64),
                crowd=np.zeros(len(boxes), dtype=bool),
                areas=(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]),
                sha256=entry["sha256"],
            )
        )
    return Dataset(f"shapes-{world}", split, shapes_class_names(world), tuple(samples), folder)
