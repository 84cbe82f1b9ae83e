"""Pascal VOC: pixel convention, lists, names, and XML nobody should expand."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.layouts import voc_object, write_image, write_list, write_voc

from forgetbench.data.formats.voc import parse_xml, read_voc
from forgetbench.errors import DataError


def test_boxes_count_from_one_and_include_the_last_pixel(tmp_path: Path) -> None:
    write_voc(tmp_path, "a", voc_object("cat", 1, 1, 100, 50), voc_object("ant", 11, 21, 11.5, 40))
    source = read_voc(tmp_path)
    assert source.classes == ("ant", "cat")
    assert source.split_names == ("",)
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
    assert source.split_names == ("train", "val")
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
        voc_object("cat", -1, 5, 9, 9),
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
        ("image-size-mismatch", "JPEGImages/a.jpg", "said to be 640 x 480 pixels, it has 100 x 50"),
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


def years(root: Path) -> Path:
    """Write two years that hold an image of equal stem each."""
    for year, name in (("VOC2007", "cat"), ("VOC2012", "ant")):
        for stem in ("1", year):
            write_voc(root / year, stem, voc_object(name, 1, 1, 9, 9))
        write_list(root / year, "cat_train", "1  1")
        write_list(root / year, "train", "1", year)
    return root


def test_years_are_parts_of_one_dataset(tmp_path: Path) -> None:
    source = read_voc(years(tmp_path))
    assert source.classes == ("ant", "cat")
    assert source.split_names == ("VOC2007/train", "VOC2012/train", "VOC2007/cat_train", "VOC2012/cat_train")
    listed = source.images_of(("VOC2012/train", "VOC2007/train"))
    assert [entry.name for entry in listed] == [
        "VOC2012/JPEGImages/1.png", "VOC2012/JPEGImages/VOC2012.png",
        "VOC2007/JPEGImages/1.png", "VOC2007/JPEGImages/VOC2007.png",
    ]  # fmt: skip
    assert [sample.classes.tolist() for sample in source.read(listed)[0]] == [[0], [0], [1], [1]]
    assert source.report.found == []


def test_years_say_where_something_is_missing(tmp_path: Path) -> None:
    write_list(years(tmp_path) / "VOC2012", "val", "1", "gone")
    write_voc(tmp_path / "VOC2013", "a", voc_object("cat", 5, 5, 5, 5))
    source = read_voc(tmp_path)
    assert source.split_names[3] == "VOC2013"
    source.samples("VOC2012/val")
    source.samples("VOC2013")
    assert [(oddity.kind, oddity.file) for oddity in source.report.found] == [
        ("missing-image", "VOC2012/ImageSets/Main/val.txt"),
        ("zero-area-box", "VOC2013/Annotations/a.xml"),
        ("image-without-label", "VOC2013/JPEGImages/a.png"),
    ]
    assert source.report.found[0].detail == "line 2: no image VOC2012/JPEGImages/gone.*: left out"
    with pytest.raises(DataError, match=r"no part 'VOC2012/vall'; expected one of .*Did you mean 'VOC2012/val'\?"):
        source.images("VOC2012/vall")


def test_folders_beside_a_plain_root_are_not_years(tmp_path: Path) -> None:
    write_voc(tmp_path, "a", voc_object("cat", 1, 1, 9, 9))
    write_voc(tmp_path / "old", "b", voc_object("dog", 1, 1, 9, 9))
    source = read_voc(tmp_path)
    assert (source.classes, source.split_names) == (("cat",), ("",))


def test_error_lists_only_the_first_of_many_parts(tmp_path: Path) -> None:
    write_voc(tmp_path, "a", voc_object("cat", 1, 1, 9, 9))
    for name in ("train", *(f"{letter}_train" for letter in "abcdefghij")):
        write_list(tmp_path, name, "a")
    with pytest.raises(DataError, match=r"expected one of 'train', 'a_train', .*'g_train' and 3 more\. Correct"):
        read_voc(tmp_path).images("zzz")


@pytest.mark.parametrize("keep", [True, False])
def test_difficult_objects_are_kept_or_dropped(tmp_path: Path, keep: bool) -> None:
    def marked(value: str, x: int) -> str:
        return voc_object("cat", x, 1, 90, 40).replace("<bndbox>", f"<difficult>{value}</difficult><bndbox>")

    write_voc(tmp_path, "a", marked("0", 1), marked("1", 2), marked(" 1 ", 3), voc_object("cat", 4, 1, 90, 40))
    write_voc(tmp_path, "b", marked("1", 1).replace("cat", "dog"))
    source = read_voc(tmp_path, keep_difficult=keep)
    assert source.classes == ("cat", "dog")
    assert [sample.boxes[:, 0].tolist() for sample in source.samples("")] == (
        [[0, 1, 2, 3], [0]] if keep else [[0, 3], []]
    )
    assert [oddity.detail for oddity in source.report.found] == (
        [] if keep else ["no usable object that is not difficult in Annotations/b.xml: kept as background"]
    )


def test_xml_of_an_unknown_encoding_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text('<?xml version="1.0" encoding="klingon"?><a/>')
    with pytest.raises(ValueError, match="unknown encoding: klingon"):
        parse_xml(tmp_path / "a.xml")
