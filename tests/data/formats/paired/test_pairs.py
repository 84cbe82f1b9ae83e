"""Layouts of one annotation file an image: parts, and which image is whose."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.layouts import voc_object, write_image, write_voc

from forgetbench.data.formats.paired.pairs import find_pairs
from forgetbench.data.formats.voc import read_voc
from forgetbench.data.reading.nearest import nearly_named
from forgetbench.data.recognise import recognise
from forgetbench.errors import DataError

XML = f"<annotation>{voc_object('cat', 11, 21, 31, 41)}</annotation>"


def write(root: Path, *names: str) -> Path:
    """Write images of 100 x 50 pixels and XML files of one box each, by their suffixes."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".xml":
            path.write_text(XML)
        elif path.suffix == ".txt":
            path.write_text("")
        else:
            write_image(path)
    return root


def beside(*stems: str) -> list[str]:
    return [f"{stem}{suffix}" for stem in stems for suffix in (".png", ".xml")]


#: Files of a dataset, and the images of each of its parts.
LAYOUTS: dict[str, tuple[list[str], dict[str, list[str]]]] = {
    "VOC": (["Annotations/a.xml", "JPEGImages/a.png"], {"": ["JPEGImages/a.png"]}),
    "Kaggle": (["annotations/a.xml", "images/a.png", "images/b.png"], {"": ["images/a.png"]}),
    "other case": (["ANNOTATIONS/a.XML", "Images/a.png"], {"": ["Images/a.png"]}),
    "a folder a part in both": (
        ["annotations/train/a.xml", "annotations/val/a.xml", "images/train/a.png", "images/val/a.png"],
        {"train": ["images/train/a.png"], "val": ["images/val/a.png"]},
    ),
    "images alone divided": (
        ["annotations/a.xml", "annotations/b.xml", "images/train/a.png", "images/test/b.png"],
        {"test": ["images/test/b.png"], "train": ["images/train/a.png"]},
    ),
    "annotations alone divided": (
        ["annotations/train/a.xml", "annotations/test/b.xml", "images/a.png", "images/b.png"],
        {"test": ["images/b.png"], "train": ["images/a.png"]},
    ),
    "both in a folder a part": (
        ["Train/annotations/a.xml", "Train/images/a.png", "Test/annotations/b.xml", "Test/images/b.png"],
        {"test": ["Test/images/b.png"], "train": ["Train/images/a.png"]},
    ),
    "images to test on that nobody annotated": (
        ["annotations/a.xml", "images/train/a.png", "images/test/b.png"], {"train": ["images/train/a.png"]},
    ),
    "beside, a folder a part": (
        beside("train/a", "valid/b"), {"train": ["train/a.png"], "valid": ["valid/b.png"]},
    ),
    "beside, parts below images": (
        beside("images/train/a", "images/test/b"), {"test": ["images/test/b.png"], "train": ["images/train/a.png"]},
    ),
    "beside, parts in folders of their own": (
        beside("train_zip/train/a", "test_zip/test/b"),
        {"test": ["test_zip/test/b.png"], "train": ["train_zip/train/a.png"]},
    ),
    "beside, no parts": (beside("a", "b"), {"": ["a.png", "b.png"]}),
    "beside, sub-folders of no parts": (beside("cats/a", "dogs/a"), {"": ["cats/a.png", "dogs/a.png"]}),
    "nested alike": (
        ["Annotations/x/a.xml", "Annotations/y/a.xml", "JPEGImages/x/a.png", "JPEGImages/y/a.png"],
        {"": ["JPEGImages/x/a.png", "JPEGImages/y/a.png"]},
    ),
    "a folder of XML below annotations": (["annotations/xmls/a.xml", "images/a.png"], {"": ["images/a.png"]}),
    "images beside the folder of annotations": (["annotations/a.xml", "a.png"], {"": ["a.png"]}),
    "masks of the same name": (
        ["Annotations/a.xml", "JPEGImages/a.png", "SegmentationClass/a.png"], {"": ["JPEGImages/a.png"]},
    ),
    "what systems leave": (
        [
            "Annotations/a.xml", "Annotations/._a.xml", "JPEGImages/a.png", "JPEGImages/._a.png",
            "__MACOSX/Annotations/._a.xml", "JPEGImages/.ipynb_checkpoints/a.png", "JPEGImages/@eaDir/a.png",
        ],
        {"": ["JPEGImages/a.png"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(tmp_path: Path, name: str) -> None:
    files, parts = LAYOUTS[name]
    source = read_voc(write(tmp_path, *files))
    assert source.split_names == tuple(parts)
    for part, images in parts.items():
        assert [listed.name for listed in source.images(part)] == images
        for sample in source.samples(part):
            assert sample.boxes.tolist() == [[10, 20, 31, 41]]
    assert {oddity.kind for oddity in source.report.found} <= {"image-without-label"}
    found = recognise(tmp_path)
    assert found.spec.format == "voc"
    assert found.spec.path == str(tmp_path / "images" if name == "beside, parts below images" else tmp_path)


def test_images_without_xml_are_left_out_where_no_list_names_them(tmp_path: Path) -> None:
    source = read_voc(write(tmp_path, *beside("a"), "b.png", "c.png"))
    assert [sample.image.name for sample in source.samples("")] == ["a.png"]
    assert [(oddity.kind, oddity.file, oddity.detail) for oddity in source.report.found] == [
        ("image-without-label", "b.png", "2 images have no annotation file, and no list names them: left out")
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["Annotations/001.xml", "JPEGImages/frame 1.png"], "frame 1.png"),
        (["Annotations/img_1.xml", "JPEGImages/IMG_1.png"], ""),
        (["Annotations/img%201.xml", "JPEGImages/img 1.png"], ""),
        (["Annotations/a.jpg.xml", "JPEGImages/a.png"], ""),
        (["Annotations/a.xml", "JPEGImages/site/a.png"], ""),
        (["Annotations/e\u0301.xml", "JPEGImages/\u00e9.png"], ""),
        (["Annotations/001.xml", "JPEGImages/X.png"], r"C:\work\JPEGImages\x.JPG"),
    ],
)
def test_images_found_by_what_the_xml_says_or_nearly(tmp_path: Path, files: list[str], said: str) -> None:
    write(tmp_path, *files)
    xml, image = (tmp_path / name for name in files)
    xml.write_text(XML.replace("<object>", f"<filename>{said}</filename><object>"))
    source = read_voc(tmp_path)
    assert [sample.image for sample in source.samples("")] == [image]
    exact = said == image.name
    assert [(oddity.kind, oddity.file, oddity.detail) for oddity in source.report.found] == (
        [] if exact else [("near-names", files[1], nearly_named(1, files[0]))]
    )


def test_near_names_are_told_once(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path, f"annotations/IMG_{number}.xml", f"images/img_{number}.png")
    source = read_voc(tmp_path)
    assert len(source.samples("")) == 4
    (oddity,) = source.report.found
    assert (oddity.kind, oddity.detail) == ("near-names", nearly_named(4, "annotations/IMG_0.xml"))


def test_an_image_with_xml_of_its_own_name_is_no_others(tmp_path: Path) -> None:
    write(tmp_path, *beside("a"), "copy.xml")
    (tmp_path / "copy.xml").write_text(XML.replace("<object>", "<filename>a.png</filename><object>"))
    source = read_voc(tmp_path)
    assert [listed.key for listed in source.images("")] == [str(tmp_path / "a.xml")]
    assert [oddity.kind for oddity in source.report.found] == ["missing-image"]


def test_an_image_that_two_files_name_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "1.xml", "2.xml", "a.png", *beside("b"))
    for name in ("1.xml", "2.xml"):
        (tmp_path / name).write_text(XML.replace("<object>", "<filename>a.png</filename><object>"))
    source = read_voc(tmp_path)
    assert [listed.image.name for listed in source.images("")] == ["b.png"]
    assert [oddity.kind for oddity in source.report.found] == ["duplicate-image"]


def test_of_images_of_one_name_the_xml_says_which(tmp_path: Path) -> None:
    write(tmp_path, "Annotations/a.xml", "JPEGImages/a.jpg", "JPEGImages/a.png")
    (tmp_path / "Annotations/a.xml").write_text(XML.replace("<object>", "<filename>a.png</filename><object>"))
    source = read_voc(tmp_path)
    assert [listed.image.name for listed in source.images("")] == ["a.png"]
    assert [oddity.file for oddity in source.report.found] == ["JPEGImages/a.jpg"]


def test_images_of_an_unread_format_are_named(tmp_path: Path) -> None:
    write(tmp_path, "Annotations/a.xml", "Annotations/b.xml", "Annotations/c.xml", "JPEGImages/a.png")
    for name in ("b.heic", "c.HEIC"):
        (tmp_path / "JPEGImages" / name).write_bytes(b"x")
    source = read_voc(tmp_path)
    assert len(source.samples("")) == 1
    assert [(oddity.kind, oddity.file) for oddity in source.report.found] == [("unread-format", "JPEGImages/b.heic")]


@pytest.mark.parametrize("suffix", [".avif", ".jfif", ".jp2", ".gif", ".webp", ".JPG"])
def test_images_of_rarer_suffixes_are_found(tmp_path: Path, suffix: str) -> None:
    write(tmp_path, "Annotations/a.xml")
    image = tmp_path / "JPEGImages" / f"a{suffix}"
    image.parent.mkdir()
    image.write_bytes(b"")
    assert [listed.image for listed in read_voc(tmp_path).images("")] == [image]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("drawing.xml", "<svg xmlns='http://www.w3.org/2000/svg'><path/></svg>"),
        ("pom.xml", "<project><artifactId>a</artifactId></project>"),
        ("map.qgs.xml", "<qgis><object>1</object></qgis>"),
        ("a.svg", "<svg/>"),
    ],
)
def test_xml_of_another_kind_is_no_dataset(tmp_path: Path, file: str, content: str) -> None:
    write(tmp_path, "a.png")
    (tmp_path / file).write_text(content)
    with pytest.raises(DataError, match="no known layout of data"):
        recognise(tmp_path)


def test_xml_of_another_kind_among_annotations_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, *beside("a"), "b.png")
    (tmp_path / "b.xml").write_text("<project/>")
    source = read_voc(tmp_path)
    assert [sample.image.name for sample in source.samples("")] == ["a.png"]


def test_nothing_that_looks_alike(tmp_path: Path) -> None:
    write(tmp_path, "wrapped/deep/Annotations/a.xml", "wrapped/deep/JPEGImages/a.png")
    assert find_pairs(tmp_path, ".xml") == []
    assert find_pairs(tmp_path, ".json") == []
    assert recognise(tmp_path).spec.path == str(tmp_path / "wrapped" / "deep")


@pytest.mark.parametrize("declared", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings(tmp_path: Path, declared: str) -> None:
    write_voc(tmp_path, "a", image=True)
    encoding = declared.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + XML.replace("cat", "é")
    (tmp_path / "Annotations" / "a.xml").write_bytes(text.encode(declared))
    found = recognise(tmp_path)
    assert found.source.classes == ("é",)
    assert found.source.samples("")[0].boxes.tolist() == [[10, 20, 31, 41]]


@pytest.mark.parametrize("listed", [True, False])
def test_an_image_that_several_xml_files_end_at_is_nobodys(tmp_path: Path, listed: bool) -> None:
    files = [f"Annotations/{name}.xml" for name in ("cam0/0", "cam1/0", "cam2/0", "cam1/1")]
    write(tmp_path, *files, "JPEGImages/0.png", "JPEGImages/1.png")
    if listed:
        write(tmp_path, "ImageSets/Main/train.txt")
        (tmp_path / "ImageSets/Main/train.txt").write_text("0\n1\n")
    source = read_voc(tmp_path)
    assert [sample.image.name for sample in source.samples(source.split_names[0])] == ["1.png"]
    odd = next(oddity for oddity in source.report.found if oddity.kind == "duplicate-image")
    assert (odd.file, odd.detail) == (
        "JPEGImages/0.png",
        "'Annotations/cam0/0.xml' and 2 more end at this one file, and whose boxes it has cannot be told: left out",
    )
