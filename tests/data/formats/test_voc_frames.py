"""Sizes that XML files say: numbers however written, turned images, resized images."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from support.layouts import voc_object, write_voc

from forgetbench.data.formats.voc import read_voc


def size(width: object, height: object) -> str:
    return f"<size><width>{width}</width><height>{height}</height></size>"


@pytest.mark.parametrize(
    "said",
    [
        size(100, 50), size("100.0", "50.00"), size(" 100\n", "\t50 "), size("1e2", 50), size(0, 0), size(0, 50),
        size("", ""), size("unknown", 50), size("nan", "nan"), size(-100, -50), "", "<size/>",
    ],
)  # fmt: skip
def test_sizes_that_agree_or_say_nothing(tmp_path: Path, said: str) -> None:
    write_voc(tmp_path, "a", xml=f"<annotation>{said}{voc_object('cat', 11, 11, 20, 20)}</annotation>")
    source = read_voc(tmp_path)
    assert source.samples("")[0].boxes.tolist() == [[10, 10, 20, 20]]
    assert source.report.found == []


@pytest.mark.parametrize(("orientation", "box"), [(6, [20, 10, 40, 30]), (8, [10, 70, 30, 90])])
def test_boxes_of_images_that_exif_turns(tmp_path: Path, orientation: int, box: list[float]) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    for stem in "abc":
        write_voc(tmp_path, stem, voc_object("cat", 11, 11, 30, 30), image=False)
        (tmp_path / "JPEGImages").mkdir(exist_ok=True)
        Image.new("RGB", (100, 50)).save(tmp_path / "JPEGImages" / f"{stem}.jpg", exif=exif)
    source = read_voc(tmp_path)
    samples = source.samples("")
    assert [(sample.width, sample.height) for sample in samples] == [(50, 100)] * 3
    assert [sample.boxes.tolist() for sample in samples] == [[box]] * 3
    assert [oddity.kind for oddity in source.report.found] == ["boxes-moved"]


def test_boxes_of_images_that_were_resized(tmp_path: Path) -> None:
    for stem in "abc":
        write_voc(tmp_path, stem, voc_object("cat", 101, 51, 200, 100), size=(200, 100))
    source = read_voc(tmp_path)
    assert [sample.boxes.tolist() for sample in source.samples("")] == [[[50, 25, 100, 50]]] * 3
    assert [oddity.kind for oddity in source.report.found] == ["boxes-moved"]
