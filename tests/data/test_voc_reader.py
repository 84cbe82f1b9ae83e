"""Pascal VOC: pixel convention, lists, names, and XML nobody should expand."""

from __future__ import annotations

from pathlib import Path

import pytest
from layouts import voc_object, write_image, write_list, write_voc

from forgetbench.data.voc import parse_xml, read_voc
from forgetbench.errors import DataError


def test_boxes_count_from_one_and_include_the_last_pixel(tmp_path: Path) -> None:
    write_voc(tmp_path, "a", voc_object("cat", 1, 1, 100, 50), voc_object("ant", 11, 21, 11.5, 40))
    source = read_voc(tmp_path)
    assert source.classes == ("ant", "cat")
    assert source.part_names == ("",)
    (sample,) = source.samples("")
    assert sample.boxes.tolist() == [[0, 0, 100, 50], [10, 20, 11.5, 40]]
    assert sample.classes.tolist() == [1, 0]
    assert source.report.found == []


def test_lists_are_parts_in_their_order(tmp_path: Path) -> None:
    for stem in ("a", "b", "c"):
        write_voc(tmp_path, stem, voc_object("cat", 1, 1, 9, 9))
    write_list(tmp_path, "train", "c", "a")
    write_list(tmp_path, "val", "b  1", "gone", "b")
    source = read_voc(tmp_path)
    assert source.part_names == ("train", "val")
    assert [sample.image.stem for sample in source.samples("train")] == ["c", "a"]
    assert source.report.found == []
    assert [sample.image.stem for sample in source.samples("val")] == ["b"]
    assert [(oddity.kind, oddity.file) for oddity in source.report.found] == [
        ("missing-image", "ImageSets/Main/val.txt"),
        ("duplicate-image", "JPEGImages/b.png"),
    ]


def test_oddities(tmp_path: Path) -> None:
    write_voc(
        tmp_path,
        "a",
        voc_object("cat", 5, 5, 5, 5),
        voc_object("cat", "five", 5, 9, 9),
        voc_object("", 5, 5, 9, 9),
        voc_object("dog", 5, 5, 9, 9),
        voc_object("cat", 0, 5, 9, 9),
        voc_object("cat", 60, 5, 120, 9),
        size=(640, 480),
    )
    write_voc(tmp_path, "b", xml="<annotation><object>")
    write_voc(tmp_path, "c", image=False)
    write_voc(tmp_path, "d", size=(0, 0))
    write_image(tmp_path / "JPEGImages" / "e.png")
    write_image(tmp_path / "JPEGImages" / "a.jpg")
    write_list(tmp_path, "train", "a", "b", "c", "d", "e")
    source = read_voc(tmp_path, names=("cat",))
    samples = source.samples("train")
    assert [sample.image.name for sample in samples] == ["a.jpg", "d.png", "e.png"]
    assert samples[0].boxes.tolist() == [[0, 4, 9, 9], [59, 4, 100, 9]]
    assert [(oddity.kind, oddity.file, oddity.detail.split(":")[0]) for oddity in source.report.found] == [
        ("duplicate-image", "JPEGImages/a.png", "same name as JPEGImages/a.jpg"),
        ("missing-image", "ImageSets/Main/train.txt", "line 3"),
        ("image-size-mismatch", "Annotations/a.xml", "says 640 x 480 pixels, the image has 100 x 50"),
        ("zero-area-box", "Annotations/a.xml", "object 1"),
        ("unreadable-label", "Annotations/a.xml", "object 2"),
        ("unreadable-label", "Annotations/a.xml", "object 3"),
        ("class-beyond-names", "Annotations/a.xml", "object 4"),
        ("label-out-of-range", "Annotations/a.xml", "object 5"),
        ("label-out-of-range", "Annotations/a.xml", "object 6"),
        ("unreadable-label", "Annotations/b.xml", "cannot be read, image left out"),
        ("image-without-label", "JPEGImages/d.png", "no usable object in Annotations/d.xml"),
        ("image-without-label", "JPEGImages/e.png", "no annotation Annotations/e.xml"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "doctype",
    ['<!DOCTYPE a [<!ENTITY b "cat">]>', '<!DOCTYPE a SYSTEM "file:///etc/hostname">'],
)
def test_document_types_are_refused(tmp_path: Path, doctype: str, encoding: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?>{doctype}<a>text</a>', encoding=encoding)
    with pytest.raises(ValueError, match="document type 'a'"):
        parse_xml(path)


def test_other_layouts_and_empty_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no Annotations folder"):
        read_voc(tmp_path)
    write_voc(tmp_path, "a")
    with pytest.raises(DataError, match="no object is annotated"):
        read_voc(tmp_path)
