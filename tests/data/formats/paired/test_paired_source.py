"""Lists of VOC's images: what a line may look like, and where lists lie."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.layouts import voc_object, write_image, write_list, write_voc

from forgetbench.data.formats.voc import read_voc
from forgetbench.data.load import load_data
from forgetbench.suite.data_section import Data

BOX = voc_object("cat", 11, 11, 20, 20)


def listed(root: Path, part: str = "train") -> tuple[list[str], list[str]]:
    """Return the stems of a part's images, and kinds of oddity."""
    source = read_voc(root)
    return [sample.image.stem for sample in source.samples(part)], [oddity.kind for oddity in source.report.found]


@pytest.mark.parametrize(
    ("line", "stem"),
    [
        ("IMG_0", "IMG_0"),
        ("IMG_0 copy", "IMG_0 copy"),
        ("  IMG_0 copy\t", "IMG_0 copy"),
        ("IMG_0 copy -1", "IMG_0 copy"),
        ("IMG_0  1", "IMG_0"),
        ("IMG_0\t0", "IMG_0"),
        ("IMG 1", "IMG 1"),
        ("IMG 1 1", "IMG 1"),
        ('"IMG_0 copy"', "IMG_0 copy"),
        ("'IMG_0' 1", "IMG_0"),
        ("IMG_0.png", "IMG_0"),
        ("IMG_0.xml", "IMG_0"),
        ("IMG_0 copy.png 1", "IMG_0 copy"),
        ("JPEGImages/IMG_0.png", "IMG_0"),
        ("./JPEGImages/IMG_0 copy.png ./Annotations/IMG_0.xml", "IMG_0 copy"),
        ("JPEGImages\\IMG_0 copy.png", "IMG_0 copy"),
        ("VOC2007/JPEGImages/IMG_0", "IMG_0"),
        ("/home/me/JPEGImages/old/JPEGImages/IMG_0.png", "IMG_0"),
        ("D:\\data\\JPEGImages\\IMG 1.png", "IMG 1"),
        ("v1.2", "v1.2"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", ""])
def test_what_a_line_names(tmp_path: Path, line: str, stem: str, ending: str) -> None:
    for name in ("IMG_0", "IMG_0 copy", "IMG", "IMG 1", "v1.2"):
        write_voc(tmp_path, name, BOX)
    write_list(tmp_path, "train")
    path = tmp_path / "ImageSets" / "Main" / "train.txt"
    path.write_bytes(f"\ufeff{line}{ending}".encode())
    assert listed(tmp_path) == ([stem], [])


@pytest.mark.parametrize("line", ["img_0", "IMG_0.JPG", "/data/photos/IMG_0.jpg", "IMG%5F0", "img_0 -1"])
def test_lines_that_nearly_name_an_image(tmp_path: Path, line: str) -> None:
    write_voc(tmp_path, "IMG_0", BOX)
    write_list(tmp_path, "train", line)
    stems, kinds = listed(tmp_path)
    assert stems == ["IMG_0"]
    assert kinds in ([], ["near-names"])
    assert (kinds == []) == (line == "IMG_0.JPG")


@pytest.mark.parametrize("line", ["gone", "IMG_0 gone", "IMG", "MG_0", "a/IMG_1", "1"])
def test_lines_that_name_none(tmp_path: Path, line: str) -> None:
    write_voc(tmp_path, "IMG_0", BOX)
    write_list(tmp_path, "train", line)
    assert listed(tmp_path) == ([], ["missing-image"])


@pytest.mark.parametrize(
    "line", ["/", "..", ".", '""', "'", "\\", "a/", "JPEGImages/", ".xml", "%", "%00", "\x00", "x" * 5000, "🦓", "1 1"]
)
def test_lines_of_nonsense(tmp_path: Path, line: str) -> None:
    write_voc(tmp_path, "IMG_0", BOX)
    write_list(tmp_path, "train", line, "IMG_0")
    assert listed(tmp_path) == (["IMG_0"], ["missing-image"])


def test_names_given_twice_are_told(tmp_path: Path) -> None:
    write_voc(tmp_path, "a", BOX)
    (oddity,) = read_voc(tmp_path, names=("cat", "dog", "cat")).report.found
    assert oddity.detail == "2 classes are called 'cat', which nothing tells apart: boxes count as the last one's"


def test_an_image_without_xml_is_background_where_a_list_names_it(tmp_path: Path) -> None:
    write_voc(tmp_path, "a", BOX)
    write_image(tmp_path / "JPEGImages" / "b.png")
    write_list(tmp_path, "train", "a", "b")
    assert listed(tmp_path) == (["a", "b"], ["image-without-label"])


def test_a_list_may_name_the_image_where_the_xml_has_another_name(tmp_path: Path) -> None:
    write_voc(tmp_path, "x1", xml=f"<annotation><filename>b.png</filename>{BOX}</annotation>", image=False)
    write_image(tmp_path / "JPEGImages" / "b.png")
    write_list(tmp_path, "train", "b")
    write_list(tmp_path, "val", "x1")
    source = read_voc(tmp_path)
    for part in ("train", "val"):
        assert [(sample.image.stem, len(sample.boxes)) for sample in source.samples(part)] == [("b", 1)]
    assert source.report.found == []


@pytest.mark.parametrize(
    "place", ["ImageSets/Main/{}.txt", "imagesets/main/{}.TXT", "ImageSets/{}.txt", "{}.txt", "ImageSets/Main/{}.txt"]
)
def test_where_lists_lie(tmp_path: Path, place: str) -> None:
    for stem in "abc":
        write_voc(tmp_path, stem, BOX)
    for part, stem in (("train", "a"), ("val", "b")):
        path = tmp_path / place.format(part)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{stem}\n")
        (path.parent / f"._{path.name}").write_bytes(b"\x00\x05\x16\x07")
    for name in ("classes.txt", "ImageSets/Layout/train.txt", "ImageSets/Segmentation/test.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("c\n")
    source = read_voc(tmp_path)
    assert source.split_names == ("train", "val")
    assert [sample.image.stem for sample in source.samples("val")] == ["b"]


def test_lists_of_images_beside_their_xml(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        write_image(tmp_path / folder / "a.png")
        (tmp_path / folder / "a.xml").write_text(f"<annotation>{BOX}</annotation>")
    (tmp_path / "Train.txt").write_text("x/a.png\n")
    (tmp_path / "test.txt").write_text("y\\a\n")
    source = read_voc(tmp_path)
    assert [[listed.name for listed in source.images(part)] for part in ("train", "test")] == [["x/a.png"], ["y/a.png"]]


def test_images_of_two_lists_are_told(tmp_path: Path) -> None:
    for stem in "abc":
        write_voc(tmp_path, stem, BOX)
        write_image(tmp_path / "JPEGImages" / f"{stem}.png", width=100, height=50 + ord(stem))
    write_list(tmp_path, "train", "a", "b")
    write_list(tmp_path, "val", "b.png", "c")
    data = load_data(Data(format="voc", path=str(tmp_path)), role="target", suite_folder=None)
    assert [(oddity.kind, oddity.file) for oddity in data.report.found if "trained" in oddity.kind] == [
        ("trained-on-and-evaluated-on", "JPEGImages/b.png")
    ]
