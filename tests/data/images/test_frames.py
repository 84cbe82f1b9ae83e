"""Boxes get into the frame of the decoded pixels, through COCO files that state another size than images have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from forgetbench.data.dataset import Oddity
from forgetbench.data.formats.coco.reader import CocoSource, read_coco

Box = tuple[float, float, float, float]
BOX: Box = (20, 12, 52, 40)
ORIENTATION = 274


@dataclass(frozen=True)
class Drawn:
    """An image file and what its record says.

    Attributes:
        size: (width, height) stored.
        stated: The width and height of the record.
        box: xyxy of its only annotation, which is as far right and down as any; None without.
        orientation: What EXIF says.
    """

    size: tuple[int, int]
    stated: tuple[object, object] | None
    box: Box | None = BOX
    orientation: int = 1


def drawn(image: Drawn) -> Image.Image:
    """Return an image as it is stored: white in the box, whole pixels, black around it."""
    pixels = np.zeros((image.size[1], image.size[0]), np.uint8)
    if image.box is not None:
        x1, y1, x2, y2 = map(int, image.box)
        pixels[y1:y2, x1:x2] = 255
    made = Image.fromarray(pixels).convert("RGB")
    made.getexif()[ORIENTATION] = image.orientation
    return made


def write(root: Path, images: Sequence[Drawn]) -> CocoSource:
    (root / "images").mkdir(parents=True)
    records, boxes = [], []
    for number, image in enumerate(images):
        made = drawn(image)
        made.save(root / "images" / f"{number}.jpg", exif=made.getexif(), quality=95)
        width, height = image.stated or (None, None)
        records.append({"id": number, "file_name": f"{number}.jpg", "width": width, "height": height})
        if image.box is not None:
            x1, y1, x2, y2 = image.box
            area = (x2 - x1) * (y2 - y1) / 2  # an outline's, half of the box's
            bbox = [x1, y1, x2 - x1, y2 - y1]
            boxes.append({"id": number, "image_id": number, "category_id": 1, "bbox": bbox, "area": area})
    document = {"images": records, "annotations": boxes, "categories": [{"id": 1, "name": "x"}]}
    (root / "a.json").write_text(json.dumps(document))
    return read_coco(root)


def read(root: Path, *images: Drawn) -> tuple[list[list[float]], list[float], list[Oddity]]:
    """Return the box and area of each image that has one, and what was odd about frames."""
    source = write(root, images)
    samples = source.samples("")
    boxes = [sample.boxes[0].tolist() for sample in samples if len(sample.boxes)]
    areas = [sample.areas[0].item() for sample in samples if len(sample.boxes)]
    return boxes, areas, [o for o in source.report.found if o.kind not in ("image-without-label", "label-out-of-range")]


def kinds(found: Sequence[Oddity]) -> list[str]:
    return [oddity.kind for oddity in found]


def turned(image: Drawn) -> Box | None:
    """Return where the box is in the image that PIL turns as EXIF says."""
    return ImageOps.exif_transpose(drawn(image)).getbbox()


#: Turned by EXIF, and described and annotated as it is stored.
WITNESS = Drawn((96, 64), (96, 64), orientation=6)


@pytest.mark.parametrize("size", [(96, 64), (64, 96), (80, 80)])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_turned_as_pil_turns_the_image(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    image = Drawn(size, size, (21, 12, 53, 43), orientation)
    boxes, areas, odd = read(tmp_path, image, WITNESS)
    assert tuple(boxes[0]) == turned(image)
    assert boxes[1] == [64 - 40, 20, 64 - 12, 52]
    assert areas == [32 * 31 / 2, 32 * 28 / 2]
    count, first = (2, 0) if orientation > 1 else (1, 1)
    detail = f"boxes of {count} image{'s' * (count > 1)} are given as if there were no EXIF to turn them: turned alike"
    assert odd == [Oddity("boxes-moved", f"images/{first}.jpg", detail)]


@pytest.mark.parametrize("orientation", range(5, 9))
def test_an_image_alone_is_turned_if_its_size_says_so(tmp_path: Path, orientation: int) -> None:
    image = Drawn((96, 64), (96, 64), orientation=orientation)
    boxes, _, odd = read(tmp_path, image)
    assert (tuple(boxes[0]), kinds(odd)) == (turned(image), ["boxes-moved"])


@pytest.mark.parametrize("orientation", range(5, 9))
def test_images_that_the_tool_turned_stay(tmp_path: Path, orientation: int) -> None:
    boxes, _, odd = read(tmp_path, Drawn((96, 64), (64, 96), BOX, orientation), Drawn((96, 64), (96, 64)))
    assert (boxes, odd) == ([[*BOX], [*BOX]], [])


@pytest.mark.parametrize("image", [Drawn((96, 64), (96, 64), BOX, 3), Drawn((80, 80), (80, 80), BOX, 6)])
@pytest.mark.parametrize("others", [[], [Drawn((96, 64), (64, 96), BOX, 6)], [Drawn((96, 64), None, BOX, 6)]])
def test_images_that_keep_their_size_stay_where_nothing_says_otherwise(
    tmp_path: Path, image: Drawn, others: list[Drawn]
) -> None:
    boxes, _, odd = read(tmp_path, image, *others)
    assert boxes == [[*BOX]] * (1 + len(others))
    assert (kinds(odd), odd[0].file) == (["boxes-moved"], "images/0.jpg")
    assert "EXIF turns 1 image in a way that keeps the size" in odd[0].detail


def test_tools_that_turned_some_images_only(tmp_path: Path) -> None:
    known, unknown = Drawn((96, 64), (64, 96), BOX, 6), Drawn((96, 64), (96, 64), BOX, 3)
    boxes, _, odd = read(tmp_path, WITNESS, known, unknown)
    assert boxes == [[24, 20, 52, 52], [*BOX], [*BOX]]
    assert kinds(odd) == ["boxes-moved"] * 2  # one turned, one doubtful


@pytest.mark.parametrize("stated", [(96, 64), ("96", "64"), (96.0, 64.0), (" 96 ", "64.0")])
def test_sizes_are_compared_as_numbers(tmp_path: Path, stated: tuple[object, object]) -> None:
    assert read(tmp_path / "same", Drawn((96, 64), stated)) == ([[*BOX]], [32 * 28 / 2], [])
    boxes, areas, odd = read(tmp_path / "half", Drawn((48, 32), stated))
    assert (boxes, areas) == ([[10, 6, 26, 20]], [32 * 28 / 8])
    assert kinds(odd) == ["boxes-moved"]


@pytest.mark.parametrize(
    "stated",
    [None, (0, 0), (0, 64), (-192, 128), (192, None), ("wide", "high"), ([192], 128), (True, True), ("nan", 1)],
)
def test_what_is_no_size_is_unstated(tmp_path: Path, stated: tuple[object, object] | None) -> None:
    images = [Drawn((96, 64), stated), Drawn((96, 64), stated)]
    assert read(tmp_path, *images) == ([[*BOX], [*BOX]], [32 * 28 / 2] * 2, [])


@pytest.mark.parametrize(
    ("sizes", "stated", "factors"),
    [
        ([(96, 64), (64, 96)], [(192, 128), (128, 192)], (0.5, 0.5)),
        ([(96, 64), (64, 96), (70, 80)], [(48, 32), (32, 48), (35, 40)], (2, 2)),
        ([(97, 65), (64, 96)], [(193, 129), (128, 192)], None),  # rounded up
        ([(96, 64), (64, 95)], [(193, 129), (128, 191)], None),  # rounded down
        ([(100, 67), (67, 100)], [(300, 200), (200, 300)], None),
        ([(96, 96), (96, 96)], [(192, 128), (192, 128)], (0.5, 0.75)),
        ([(96, 64)], [(192, 128)], (0.5, 0.5)),
    ],
)
def test_images_resized_by_one_factor(
    tmp_path: Path, sizes: list[tuple[int, int]], stated: list[tuple[int, int]], factors: tuple[float, float] | None
) -> None:
    box = (4, 6, 30, 20)
    boxes, areas, odd = read(tmp_path, *(Drawn(size, said, box) for size, said in zip(sizes, stated, strict=True)))
    for (width, height), (said_width, said_height), found, area in zip(sizes, stated, boxes, areas, strict=True):
        across, down = factors or (width / said_width, height / said_height)
        assert found == pytest.approx([4 * across, 6 * down, 30 * across, 20 * down])
        assert area == pytest.approx(26 * 14 / 2 * across * down)
    assert kinds(odd) == ["boxes-moved"]
    assert odd[0].file == "images/0.jpg"
    assert odd[0].detail.startswith(
        "1 image was resized by " if len(sizes) == 1 else f"{len(sizes)} images were resized by "
    )


def test_images_resized_each_by_its_own_factor_where_boxes_prove_it(tmp_path: Path) -> None:
    images = [
        Drawn((100, 50), (200, 100), (100, 40, 180, 90)),
        Drawn((50, 100), (200, 400), (100, 40, 180, 380)),
        Drawn((100, 80), (150, 120), (30, 30, 60, 60)),
        Drawn((60, 40), (60, 40), (10, 10, 20, 20)),  # small enough as it was
        Drawn((60, 40), None, (10, 10, 20, 20)),
        Drawn((100, 80), (300, 240), None),
    ]
    boxes, areas, odd = read(tmp_path, *images)
    assert boxes[:2] == [[50, 20, 90, 45], [25, 10, 45, 95]]
    assert boxes[2] == pytest.approx([20, 20, 40, 40])
    assert boxes[3:] == [[10, 10, 20, 20]] * 2
    assert areas == pytest.approx([40 * 25 / 2, 20 * 85 / 2, 20 * 20 / 2, 50, 50])
    assert kinds(odd) == ["boxes-moved"]
    assert odd[0].detail.startswith("4 images were resized each by its own factor after labelling")


def test_images_all_made_one_square(tmp_path: Path) -> None:
    images = [
        Drawn((64, 64), (192, 128), (90, 20, 180, 120)),
        Drawn((64, 64), (128, 256), (10, 20, 120, 240)),
        Drawn((64, 64), (640, 320), (0, 0, 600, 310)),
    ]
    boxes, _, odd = read(tmp_path, *images)
    assert boxes == [[30, 10, 60, 60], [5, 5, 60, 60], [0, 0, 60, 62]]
    assert kinds(odd) == ["boxes-moved"]


TAKEN: dict[str, list[Drawn]] = {
    "one of two": [Drawn((96, 64), (192, 128)), Drawn((96, 64), (96, 64))],
    "width and height mixed up": [Drawn((96, 64), (64, 96)), Drawn((96, 64), (64, 96))],
    "turned and resized": [Drawn((48, 32), (96, 64), (5, 6, 20, 20), 6), Drawn((48, 32), (96, 64), (5, 6, 20, 20), 8)],
    "each by its own, and no box beyond": [Drawn((96, 64), (192, 128)), Drawn((64, 64), (256, 256))],
    "each by its own, and one box beyond": [
        Drawn((96, 64), (192, 128), (20, 12, 180, 40)), Drawn((64, 64), (256, 256)),
    ],
    "boxes beyond the stated size as well": [
        Drawn((96, 64), (192, 128), (20, 12, 180, 40)), Drawn((64, 64), (256, 256), (20, 12, 180, 40)),
        Drawn((60, 60), (90, 90), (20, 12, 180, 40)),
    ],
    "other shapes": [
        Drawn((96, 64), (192, 192), (20, 12, 180, 40)), Drawn((64, 64), (256, 128), (20, 12, 180, 40)),
    ],
    "one image of another shape": [Drawn((96, 64), (192, 192))],
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_boxes_taken_as_they_are(tmp_path: Path, name: str) -> None:
    boxes, areas, odd = read(tmp_path, *TAKEN[name])
    for image, found, area in zip(TAKEN[name], boxes, areas, strict=True):
        assert image.box is not None
        x1, y1, x2, y2 = image.box
        width = image.size[0] if image.orientation == 1 else image.size[1]
        assert found == [x1, y1, min(x2, width), y2]
        assert area == (x2 - x1) * (y2 - y1) / 2
    differing = [n for n, image in enumerate(TAKEN[name]) if image.stated != image.size]
    assert [(oddity.kind, oddity.file) for oddity in odd] == [
        ("image-size-mismatch", f"images/{number}.jpg") for number in differing
    ]


def test_turned_and_resized_images_of_one_dataset(tmp_path: Path) -> None:
    boxes, _, odd = read(tmp_path, WITNESS, *[Drawn((96, 64), (192, 128)), Drawn((60, 40), (120, 80))])
    assert boxes == [[24, 20, 52, 52], [10, 6, 26, 20], [10, 6, 26, 20]]
    assert kinds(odd) == ["boxes-moved"] * 2


@pytest.mark.parametrize(("orientation", "box"), [(6, [24, 20, 52, 90]), (8, [12, 6, 40, 76])])
def test_boxes_beyond_turned_images_of_no_stated_size_are_turned(
    tmp_path: Path, orientation: int, box: list[float]
) -> None:
    wide = Drawn((96, 64), None, (20, 12, 90, 40), orientation)
    boxes, _, odd = read(
        tmp_path, wide, wide, Drawn((96, 64), None, (20, 12, 60, 40), orientation), Drawn((96, 64), None)
    )
    assert boxes[:2] == [box, box]
    assert boxes[3] == list(BOX)
    (told,) = odd
    assert (told.kind, told.file) == ("boxes-moved", "images/0.jpg")
    assert told.detail.startswith("boxes of 3 images are given as if there were no EXIF")


@pytest.mark.parametrize(
    "images",
    [
        [Drawn((96, 64), None, (20, 12, 90, 40), 6), Drawn((96, 64), None, (20, 12, 60, 40), 6)],  # one may be wrong
        [Drawn((96, 64), None, (20, 12, 90, 40), 6)] * 2 + [Drawn((96, 64), None, (20, 12, 60, 80), 6)],
        [Drawn((96, 64), None, (20, 12, 90, 40), 6)] * 2 + [Drawn((96, 64), (64, 96), (20, 12, 60, 40), 6)],
        [Drawn((96, 64), None, (20, 12, 99, 40), 6)] * 2,
    ],
)
def test_turned_images_of_no_stated_size_whose_boxes_prove_nothing(tmp_path: Path, images: list[Drawn]) -> None:
    boxes, _, odd = read(tmp_path, *images)
    assert boxes[0] == [20, 12, 64, 40]
    assert kinds(odd) == []
