"""Lists of images: what an entry may be, and where its image is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.layouts import write_image

from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.yolo.lists import listed_images


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


@pytest.mark.parametrize(
    ("entry", "image", "kind"),
    [
        ("images\\train\\a.jpg", "images/train/a.jpg", "wrong-paths"),
        ("C:\\data\\images\\train\\a.jpg", "images/train/a.jpg", "wrong-paths"),
        ("data/obj_train_data/a.jpg", "obj_train_data/a.jpg", "wrong-paths"),
        ("images/a%20b.jpg", "images/a b.jpg", "near-names"),
        ("Images/A.JPG", "images/a.jpg", "near-names"),
        ("images/a.jpg", "images/a.png", "near-names"),
        ("images/a.jpg", "images/a.jpg.png", "near-names"),
        ("a.jpg", "images/a.png", "near-names"),
        ("images/e\u0301.jpg", "images/\u00e9.jpg", "near-names"),
    ],
)
def test_entry_that_means_an_image_inside(tmp_path: Path, entry: str, image: str, kind: str) -> None:
    write_image(tmp_path / image)
    images, report = read(tmp_path, f"{entry}\n")
    assert images == [image]
    ((found, detail),) = [(oddity.kind, oddity.detail) for oddity in report.found]
    assert found == kind
    assert detail.startswith("1 ")


def test_entry_that_two_images_nearly_match_is_none(tmp_path: Path) -> None:
    for name in ("a.png", "a.bmp"):
        write_image(tmp_path / "images" / name)
    images, report = read(tmp_path, "images/a.jpg\n")
    assert images == []
    assert [oddity.kind for oddity in report.found] == ["missing-image"]


@pytest.mark.parametrize("entry", ["../other/images/a.png", "{here}/other/images/a.png"])
def test_entry_that_leads_out_is_taken_only_where_nothing_inside_fits(tmp_path: Path, entry: str) -> None:
    root = tmp_path / "ds"
    write_image(tmp_path / "other" / "images" / "a.png")
    root.mkdir()
    (root / "train.txt").write_text(entry.format(here=tmp_path) + "\n")
    report = OddityReport()
    assert listed_images(root / "train.txt", root, report) == [tmp_path / "other" / "images" / "a.png"]
    assert [oddity.kind for oddity in report.found] == ["wrong-paths"]
    assert "leads out of the dataset" in report.found[0].detail
    write_image(root / "images" / "a.png")
    report = OddityReport()
    assert listed_images(root / "train.txt", root, report) == [root / "images" / "a.png"]
    assert [oddity.kind for oddity in report.found] == ["wrong-paths"]


def test_entries_of_a_system_and_of_formats_that_are_not_read_are_told_of_once(tmp_path: Path) -> None:
    for name in (
        "images/a.png",
        "images/._a.png",
        "__MACOSX/images/b.png",
        "images/.cache/c.png",
        ".ipynb_checkpoints/d.png",
    ):
        write_image(tmp_path / name)
    (tmp_path / "images" / "e.heic").write_bytes(b"x")
    entries = [
        "images/a.png",
        "images/._a.png",
        "__MACOSX/images/b.png",
        "images/.cache/c.png",
        "images/e.heic",
        "f.HEIC",
    ]
    images, report = read(tmp_path, "\n".join(entries))
    assert images == ["images/a.png"]
    assert {(oddity.kind, oddity.detail.split(" ")[0]) for oddity in report.found} == {
        ("unread-format", "2"), ("missing-image", "3"),
    }  # fmt: skip


def test_hidden_folder_that_the_dataset_lies_in_is_no_reason_to_leave_images_out(tmp_path: Path) -> None:
    root = tmp_path / ".cache" / "ds"
    write_image(root / "images" / "a.png")
    (root / "train.txt").write_text(f"{root}/images/a.png\n")
    report = OddityReport()
    assert listed_images(root / "train.txt", root, report) == [root / "images" / "a.png"]
    assert report.found == []
