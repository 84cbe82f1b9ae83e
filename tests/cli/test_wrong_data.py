"""Broken datasets, one of each kind: `check` refuses them in one line, or repairs them and names what was odd."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.breaking import (
    TRAIN_IMAGE,
    TRAIN_JSON,
    TRAIN_LABEL,
    XML,
    Break,
    become_file,
    become_folder,
    cut,
    dead_link,
    each,
    endless_names,
    first_box,
    instances,
    labels,
    line,
    linked_images,
    nothing,
    png_of,
    recased_labels,
    remove,
    swap,
    text,
)
from support.factories import written_suite
from support.standins import Layout, write_stand_in

from forgetbench.cli import main as cli
from forgetbench.suite.data_section import Data, Split

pytestmark = pytest.mark.usefixtures("nothing_rehearsed")

COCO, VOC = {"format": "coco"}, {"format": "voc"}
LISTS, SPLIT = {"layout": "lists"}, {"split": {"seed": 0}}
#: What is broken: the section, what breaks the data, what the line says.
REFUSED: dict[str, tuple[dict[str, Any], Break, str]] = {
    "no label folder": ({}, remove("labels"), "no label file labels/train/000001.txt"),
    "empty labels": ({}, each("labels/train/*", lambda path: path.write_text("")), "no label in labels/train/000001"),
    "corrupt images": ({}, each("images/train/*", lambda path: path.write_text("x")), "3 corrupt-image; first images/"),
    "images that are folders": ({}, each("images/train/*", become_folder), "no usable image in part 'train'"),
    "links that lose the labels": ({}, linked_images, "3 image-without-label; first images/train/000001.png"),
    "class numbers with gaps": ({}, swap("data.yaml", "1: y", "3: y"), "class numbers have gaps; expected 0 to 1"),
    "nc of another number": ({}, swap("data.yaml", "nc: 2", "nc: 5"), "nc does not fit names; expected nc: 2"),
    "names that are no list": ({}, text("data.yaml", "train: images/train\nnames: 7\n"), "names cannot be read"),
    "no names": ({}, text("data.yaml", "train: images/train\nval: images/val\n"), "the class names are unknown"),
    "data.yaml without keys": ({}, text("data.yaml", "- a\n- b\n"), "is not a data.yaml; expected train, val and"),
    "data.yaml with code": ({}, text("data.yaml", "names: !!python/object/apply:os.getcwd []\n"), ":os.getcwd' is ref"),
    "data.yaml of another encoding": ({}, text("data.yaml", "names: [é]\n".encode("latin-1")), "codec can't decode"),
    "data.yaml that grows": ({}, text("data.yaml", endless_names()), "more than 200,000 values, aliases written out"),
    "data.yaml of endless classes": ({}, text("data.yaml", "train: images/train\nnc: 3000000\n"), "nc cannot be read"),
    "pose labels": ({}, labels("0 .5 .5 .4 .4 .4 .4 2 .6 .6 1 .5 .45 0"), "add kpt_shape: [3, 3] to the data.yaml"),
    "tracks": ({}, labels("0 .5 .5 .4 .4 .9 7"), "looks like predictions, not labels"),
    "classes from one": ({}, labels("1 .5 .5 .4 .4\n2 .5 .5 .2 .2"), "say 'classes_from: 1'"),
    "list of absent images": (LISTS, text("train.txt", "/x/a.png\nb.png\n"), "line 1: no image '/x/a.png'"),
    "list of endless names": (LISTS, text("train.txt", "x" * 9000), "1 missing-image; first train.txt"),
    "list that is no text": (LISTS, text("train.txt", b"\xff\xff"), "list of images cannot be read"),
    "no such part": ({"train": "trian"}, nothing, "expected one of 'train', 'val'. Did you mean 'train'?"),
    "no part to evaluate on": ({}, remove("images/val"), "no part to evaluate on; expected a part named val or valid"),
    "one of several parts": ({"train": ["train", "more"]}, nothing, "no part 'more'; expected one of 'train', 'val'"),
    "split of one image": (SPLIT, each("images/00000[2-5].png", Path.unlink), "too few images to split"),
    "split and parts": ({**SPLIT, "train": "train"}, nothing, "'split' and named parts exclude each other"),
    "archive": ({}, become_file, "not a folder; expected a folder of yolo data, or its data.yaml, found a file"),
    "no data": ({}, remove(""), "data not found"),
    "names of no image": ({"class_by_name": {"CDY": "x"}}, nothing, "images/train/000001.png: begins with none of CDY"),
    "JSON cut short": (COCO, cut(TRAIN_JSON, 20), "cannot be read as JSON; expected a whole instances"),
    "JSON too deep": (COCO, text(TRAIN_JSON, "[" * 100_000), "cannot be read as JSON"),
    "JSON without categories": (
        COCO, instances(lambda document: document.pop("categories")), "found images, annotations. Name",
    ),
    "two categories of one id": (
        COCO, instances(lambda document: document["categories"].append({"id": 1, "name": "z"})),
        "a category cannot be used; expected an 'id' of its own; 'x' has this one too, found {'id': 1, 'name': 'z'}",
    ),
    "category of no number": (
        COCO, instances(lambda document: document["categories"].append({"id": "1", "name": "z"})),
        "a category cannot be used",
    ),
    "other file names": (
        COCO, each(TRAIN_JSON, lambda path: path.write_text(path.read_text().replace(".png", "a.png"))),
        "no usable image in part 'train'; expected at least one, found 0 images listed, 0 usable; 3 missing-image",
    ),
    "no such JSON": ({**COCO, "annotations": "a.json"}, nothing, "no annotations file"),
    "no such image folder": ({**COCO, "images": "pictures"}, nothing, "no folder of images"),
    "no such list": ({**VOC, "train": "trainval"}, nothing, "no part 'trainval'; expected one of 'train', 'val'"),
    "no lists": (VOC, remove("ImageSets"), "no part to evaluate on"),
    "no annotations": (VOC, remove("Annotations"), "no Annotations folder"),
    "no images": (VOC, remove("JPEGImages"), "line 1: no image JPEGImages/000001.*"),
    "XML cut short, all": (VOC, cut("Annotations/*", 30), "5 unreadable; first 000001.xml: not well-formed"),
}  # fmt: skip

#: What is odd: the section, what breaks the data, the oddity's kind and how it is told.
REPAIRED: dict[str, tuple[dict[str, Any], Break, str, str]] = {
    "labels in another case": ({}, recased_labels, "near-names", "3 images are called otherwise in the annotations"),
    "data.yaml that names what holds it": (
        {}, text("data.yaml", "train: ../..\nval: /\nnames: [x, y]\n"), "wrong-paths", "of the dataset; nothing like",
    ),
    "image cut short": ({}, cut(TRAIN_IMAGE, 500), "corrupt-image", "000001.png: left out: image file is truncated"),
    "image of 3.6 gigapixels": ({}, text(TRAIN_IMAGE, png_of(60000, 60000)), "corrupt-image", "exceeds limit"),
    "image of 117 megapixels": ({}, text(TRAIN_IMAGE, png_of(13000, 9000)), "corrupt-image", "truncated"),
    "link to nowhere": ({}, dead_link, "missing-image", f"{TRAIN_IMAGE}: listed, but there is no such file: left out"),
    "file name that is no text": (
        {}, each(TRAIN_IMAGE, lambda path: path.rename(path.with_name(os.fsdecode(b"\xff\n.png")))),
        "image-without-label", r"images/train/\udcff\n.png: no label file labels/train/\udcff\n.txt",
    ),
    "class beyond the names": ({}, line("7 .5 .5 .1 .1"), "class-beyond-names", "line 2: class 7 is not among 2 names"),
    "negative class": ({}, line("-1 .5 .5 .1 .1"), "class-beyond-names", "line 2: class -1 is not among 2 names"),
    "word for a number": ({}, line("0 .5 .5 .1 wide"), "unreadable-label", "line 2: 'wide' is not a number"),
    "NaN": ({}, line("0 nan .5 .1 .1"), "unreadable-label", "line 2: a number is not finite"),
    "polygon of half a point": ({}, line("0 .1 .1 .2 .2 .3 .3 .4"), "unreadable-label", "line 2: 8 values; expected 5"),
    "box outside": ({}, line("0 1.5 .5 .1 .1"), "label-out-of-range", "an image of 96 x 64 pixels: outside, dropped"),
    "box without area": ({}, line("0 .5 .5 0 .1"), "zero-area-box", "line 2: box of 0 x 6.4 pixels: dropped"),
    "label file of zeros": ({}, text(TRAIN_LABEL, b"\0" * 9000), "unreadable-label", "is not a number: dropped"),
    "label that is a folder": ({}, each(TRAIN_LABEL, become_folder), "unreadable-label", "it is a folder, not a file"),
    "stem of no image": (
        LISTS, swap("train.txt", "./images/000002.png", "000009"), "missing-image",
        "train.txt: line 2: no image '000009': left out",
    ),
    "annotation of no image": (COCO, first_box(image_id=777), "unreadable-label", "annotation at 0: no image 777"),
    "box of three numbers": (COCO, first_box(bbox=[1, 2, 3]), "unreadable-label", "bbox is [1, 2, 3], expected [x, y,"),
    "number too large": (COCO, first_box(bbox=[1, 2, 3, 10**400]), "unreadable-label", "annotation 1: int too large"),
    "category of no such id": (COCO, first_box(category_id="9"), "class-beyond-names", "annotation 1: no category '9'"),
    "file names in another case": (
        COCO, each(TRAIN_JSON, lambda path: path.write_text(path.read_text().replace(".png", ".PNG"))), "near-names",
        "3 images are called otherwise in the annotations than on disk, such as '000001.PNG'",
    ),
    "two images of one id": (
        COCO, instances(lambda document: document["images"][2].update(id=10)), "duplicate-image",
        "'000001.png' and '000003.png' have one id 10, and whose its annotations are cannot be told: left out",
    ),
    "file name that clears the screen": (
        COCO, instances(lambda document: document["images"][2].update(file_name="a\n\x1b[2J")),
        "missing-image", r"no image 'a\n\x1b[2J': left out",
    ),
    "XML with an entity": (
        VOC, text(XML, '<!DOCTYPE a [<!ENTITY b "cat">]><annotation>&b;</annotation>'), "unreadable-label",
        f"{XML}: cannot be read, image left out: declares a document type 'a', which could hold entities",
    ),
    "XML cut short": (VOC, cut(XML, 30), "unreadable-label", f"{XML}: cannot be read, image left out: not"),
    "XML of no known encoding": (
        VOC, text(XML, '<?xml version="1.0" encoding="klingon"?><annotation/>'), "unreadable-label",
        "unknown encoding: klingon",
    ),
    "object without bndbox": (
        VOC, text(XML, "<annotation><object><name>x</name></object></annotation>"), "unreadable-label",
        f"{XML}: object 1: xmin is '', expected a number: dropped",
    ),
    "image that is a folder": (VOC, each("JPEGImages/000001.png", become_folder), "missing-image", "no image"),
}  # fmt: skip


def checked(folder: Path, fields: dict[str, Any], broken: Break) -> tuple[Result, bool]:
    """Check a suite whose target is a sound dataset that was broken; tell also whether anything was written."""
    section = {"format": "yolo", **fields}
    layout: Layout = section.pop("layout", "usual")
    whole = Data(format=section["format"], path="data", split=Split() if "split" in section else None)
    root = write_stand_in(folder, whole, ("x", "y"), 3, 2, layout=layout)
    broken(root)
    target = {"path": str(root), "world": None, **section}
    suite = written_suite(folder, freeze_points=["all-but-head"], target=target)
    before = sorted(folder.rglob("*"))
    done = CliRunner(env={"COLUMNS": "200"}).invoke(cli.main, ["check", str(suite)])
    return done, sorted(folder.rglob("*")) != before


@pytest.mark.parametrize("name", REFUSED)
def test_data_that_cannot_be_used_are_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    fields, broken, said = REFUSED[name]
    done, wrote = checked(tmp_path, fields, broken)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert done.stderr.startswith("error: ")
    assert str(tmp_path / "data") in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 1500
    assert done.stderr.rstrip().endswith((".", "?")), "the last sentence says what to do"
    assert done.stdout == ""
    assert not wrote


@pytest.mark.parametrize("name", REPAIRED)
def test_data_that_can_be_repaired_are_planned_with_and_the_oddity_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    fields, broken, kind, said = REPAIRED[name]
    done, wrote = checked(tmp_path, fields, broken)
    assert done.exit_code == 0, done.output
    assert f"x {kind}\n" in done.stdout
    assert said in done.stdout
    assert "Arms of tiny-yolov8 " in done.stdout
    assert done.stderr == ""
    assert [str(warning.message) for warning in recwarn if "PIL" in str(warning.filename)] == []
    assert not wrote


@pytest.mark.parametrize(
    ("data_format", "name"),
    [("yolo", "images/train"), ("yolo", "images"), ("yolo", "data.yaml"), ("coco", TRAIN_JSON), ("voc", "JPEGImages")],
)
def test_what_this_user_may_not_read_is_named(tmp_path: Path, data_format: str, name: str) -> None:
    place = tmp_path / "data" / name

    def forbid(_: Path) -> None:
        place.chmod(0)
        if os.access(place, os.R_OK):
            pytest.skip("this user may read everything")

    try:
        done, wrote = checked(tmp_path, {"format": data_format}, forbid)
        assert (done.exit_code, wrote) == (2, False), done.output
        assert str(place) in done.stderr
        assert "Permission denied" in done.stderr
        assert done.stderr.count("\n") == 1
    finally:
        place.chmod(0o755)
