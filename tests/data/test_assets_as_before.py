"""Real data and the drawn world load as they always have: images, boxes, classes, and the order of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from forgetbench.data.dataset import Dataset, relative_name
from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.data.load import load_data
from forgetbench.files import sha256_json
from forgetbench.suite.data_section import Data


class Known(NamedTuple):
    """A part's digest, see `digest`, and its numbers of images and boxes."""

    digest: str
    images: int
    boxes: int


BCCD = {
    "train": Known("7710cd334786832e0402ea682f345db384574f60a33cecf73a173102d66385f3", 205, 2804),
    "val": Known("a1cd20808294fb3e39a69445da767a21a7fe55752bf0f43ac8205f942a42be67", 87, 1137),
}
BCCD_TEST = {
    "train": BCCD["train"],
    "test": Known("b1696d4af0cc46971f260d50f1b61c1376d135a76dc3d2305cc5de7d6e539b1e", 72, 945),
}
BCCD_SPLIT = {
    "train": Known("48af7b5def36905916cdd9e9212d443f5277d819ac081eb648a11b634760b467", 291, 3972),
    "evaluate": Known("9f30931203ca03d10daff81c51225dc84324a40f3bf6090617a12cd8c7f95f23", 73, 914),
}
FRUIT = {
    "train": Known("dabe2d201844595add162ca2a5d807d1c92870fa9db4521997e82e293efe0f7d", 52, 536),
    "val": Known("23e5c58a4cb818ad8d129c4e89d93ffe2df58b84f1644f69cfcb38e7fc757e3b", 9, 154),
}
FRUIT_SPLIT = {
    "train": Known("778614e1170ce6fab7e437729e744714d85752a7c1663872157ca5baba28ab93", 49, 594),
    "evaluate": Known("d65063c6eef1c0a927b815e9353f40e13a36bec6ff3ca844aa08089721a8f9c2", 12, 96),
}
COCO_128 = {"all": Known("a57854e9be900996a5b25aa7c9dcd40c8131ac7b2b990e7b4908e87a5b82f674", 128, 898)}

BCCD_CLASSES = ("Platelets", "RBC", "WBC")
FRUIT_CLASSES = ("apple", "banana", "cherry", "chikkoo", "grape", "kiwi", "mango", "orange", "strawberry")
GENERAL_CLASSES = (
    "arrow", "bolt", "circle", "crescent", "cross", "drop", "frame", "half-disc", "heart", "hexagon", "ring", "square",
    "star", "triangle",
)  # fmt: skip
FINE_CLASSES = ("barred-ring", "crossed-ring", "dotted-ring", "double-ring", "open-ring", "plain-ring")


def digest(part: Dataset, file_bytes: Sequence[int]) -> str:
    """Return a hash over all that was loaded: what fingerprints were until format 4, which hashes images' content."""
    samples = [
        [
            relative_name(s.image, part.root), s.width, s.height, size, s.boxes.tolist(), s.classes.tolist(),
            s.crowd.tolist(), s.areas.tolist(),
        ]
        for s, size in zip(part.samples, file_bytes, strict=True)
    ]  # fmt: skip
    return sha256_json({"classes": part.classes, "samples": samples})


def _parts(section: dict[str, Any], role: Any = "target") -> list[Dataset]:
    loaded = load_data(Data(**section), role=role, suite_folder=None)
    return [part for part in (loaded.train, loaded.evaluate) if part is not None]


@pytest.mark.assets
@pytest.mark.parametrize(
    ("section", "classes", "known"),
    [
        ({"format": "voc", "path": "bccd"}, BCCD_CLASSES, BCCD),
        ({"card": "bccd"}, BCCD_CLASSES, BCCD),
        ({"format": "voc", "path": "bccd", "evaluate": "test"}, BCCD_CLASSES, BCCD_TEST),
        ({"format": "voc", "path": "bccd", "split": {"seed": 0}}, BCCD_CLASSES, BCCD_SPLIT),
        ({"format": "yolo", "path": "fruit9"}, FRUIT_CLASSES, FRUIT),
        ({"card": "fruit9"}, FRUIT_CLASSES, FRUIT),
        ({"format": "yolo", "path": "fruit9", "split": {"seed": 0}}, FRUIT_CLASSES, FRUIT_SPLIT),
        ({"format": "yolo", "path": "coco-val128", "names": "coco"}, COCO_NAMES, COCO_128),
        ({"card": "coco-val128"}, COCO_NAMES, COCO_128),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if "path" in value or "card" in value else "",
)
def test_real_data_load_as_before(
    assets: Path, section: dict[str, Any], classes: tuple[str, ...], known: dict[str, Known]
) -> None:
    if "path" in section:
        section = {**section, "path": str(assets / section["path"])}
    parts = _parts(section, "reference" if known is COCO_128 else "target")
    digests = [digest(part, [sample.image.stat().st_size for sample in part.samples]) for part in parts]
    found = {part.split: (whole, part) for part, whole in zip(parts, digests, strict=True)}
    assert {name: Known(whole, len(p.samples), p.instances) for name, (whole, p) in found.items()} == known
    assert {part.classes for part in parts} == {classes}


@pytest.mark.parametrize(
    ("world", "classes", "known"),
    [
        (
            "general",
            GENERAL_CLASSES,
            {
                "train": Known("c4f007c066540387ce4bd75583bdebfc1d8b1a4b2f06d14627349a4e792f9204", 20, 68),
                "evaluate": Known("9264713b984082a52738cf2317179f910747d50787925add984d1f5655bc51dd", 10, 35),
            },
        ),
        (
            "fine",
            FINE_CLASSES,
            {
                "train": Known("72315fb635b63c2a34a9aa8a1dac358704dc479c92ac8a7c41fdece580a68c62", 20, 61),
                "evaluate": Known("7e6370c2ec3d0817b685e8dd68f8d5a4e2146c9b796e8e22992526edc8885acf", 10, 36),
            },
        ),
    ],
    ids=["general", "fine"],
)
def test_the_drawn_world_loads_as_before(world: str, classes: tuple[str, ...], known: dict[str, Known]) -> None:
    parts = _parts({"format": "shapes", "world": world, "size": 64, "train_images": 20, "evaluate_images": 10})
    # Without the bytes on disk, which depend on the program that packs a PNG.
    digests = [digest(part, [0] * len(part.samples)) for part in parts]
    found = {part.split: (whole, part) for part, whole in zip(parts, digests, strict=True)}
    assert {name: Known(whole, len(p.samples), p.instances) for name, (whole, p) in found.items()} == known
    assert {part.classes for part in parts} == {classes}
