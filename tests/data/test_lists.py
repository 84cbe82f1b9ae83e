"""Lists of images: what an entry may be, and where its image is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from layouts import write_image

from forgetbench.data.dataset import OddityReport
from forgetbench.data.lists import listed_images


def read(root: Path, text: str, name: str = "train.txt") -> tuple[list[str], OddityReport]:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    report = OddityReport()
    return [image.relative_to(root).as_posix() for image in listed_images(root / name, root, report)], report


@pytest.mark.parametrize(
    ("entry", "image", "listing"),
    [
        ("a", "a.png", "train.txt"),
        ("a", "images/a.jpg", "train.txt"),
        ("a", "images/train/a.png", "train.txt"),
        ("a", "data/a.png", "train.txt"),
        ("a.b", "data/a.b.png", "train.txt"),
        ("deep/a", "data/deep/a.png", "train.txt"),
        ("data/a", "data/a.png", "train.txt"),
        ("a", "data/a.png", "lists/train.txt"),
        ("a", "lists/a.png", "lists/train.txt"),
        ("a.png", "lists/a.png", "lists/train.txt"),
        ("data/a.png", "data/a.png", "lists/train.txt"),
    ],
)
def test_entry_is_a_path_or_a_stem(tmp_path: Path, entry: str, image: str, listing: str) -> None:
    write_image(tmp_path / image)
    images, report = read(tmp_path, f"{entry}\n", listing)
    assert images == [image]
    assert report.found == []


def test_stem_takes_the_first_folder_and_the_first_file(tmp_path: Path) -> None:
    for name in ("images/a.png", "images/a.jpg", "data/a.png"):
        write_image(tmp_path / name)
    images, report = read(tmp_path, "a\n")
    assert images == ["images/a.jpg"]
    assert [(oddity.kind, oddity.file, oddity.detail) for oddity in report.found] == [
        ("duplicate-image", "images/a.png", "same name as images/a.jpg: left out")
    ]


@pytest.mark.parametrize("entry", ["gone", "gone.png", "data", "b.png.txt", "data/gone", "a\0b"])
def test_entry_without_an_image_is_reported_with_its_line(tmp_path: Path, entry: str) -> None:
    write_image(tmp_path / "data" / "a.png")
    images, report = read(tmp_path, f"\n{entry}\na\n")
    assert images == ["data/a.png"]
    (oddity,) = report.found
    assert (oddity.kind, oddity.file) == ("missing-image", "train.txt")
    assert oddity.detail.startswith("line 2: no image '")
