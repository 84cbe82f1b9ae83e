"""Data are recognised by their layout, and what cannot be told is said in one line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.breaking import Break, cut, each, nothing, remove, swap, text
from support.layouts import tree
from support.owned import CLASSES, COCO, NAMED, OWNED, VOC, YOLO, Owned, add, all_of, rename

from forgetbench.data.formats import voc
from forgetbench.data.formats.coco import instances
from forgetbench.data.images import known_images
from forgetbench.data.load import load_data, read_target
from forgetbench.data.recognise import recognise
from forgetbench.errors import DataError


@pytest.mark.parametrize("name", OWNED)
def test_data_are_recognised_and_read_whole(tmp_path: Path, name: str) -> None:
    owned = OWNED[name]
    given = owned.write(tmp_path / "my data")
    before = tree(tmp_path)
    found = recognise(given)
    file = owned.path or owned.written.get("path", "")
    assert found.spec == owned.section(tmp_path / "my data" / file)
    data = read_target(found.spec, found.source)
    assert data.train is not None
    assert len(data.train.samples) + len(data.evaluate.samples) == owned.train + owned.evaluate
    assert data.train.classes == (("class 0", "class 1", "class 2") if "number" in name else CLASSES)
    assert {oddity.kind for oddity in data.report.found} <= {"wrong-paths", "near-names"}
    again = load_data(found.spec, role="target", suite_folder=None)
    assert again.train is not None
    assert again.train.fingerprint() == data.train.fingerprint()
    assert (again.evaluate.fingerprint(), again.listed) == (data.evaluate.fingerprint(), data.listed)
    assert sum(data.listed.values()) == owned.train + owned.evaluate
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["yolo, data.yaml", "yolo, roboflow", "yolo, no parts", "coco", "coco, roboflow", "voc"]
)
@pytest.mark.parametrize("folders", ["a", "a/b"])
def test_folders_that_only_wrap_the_data_are_looked_into(tmp_path: Path, name: str, folders: str) -> None:
    owned, inner = OWNED[name], tmp_path / "unpacked" / folders
    owned.write(inner)
    for beside in (".git", "__MACOSX"):
        (tmp_path / "unpacked" / beside).mkdir()
    (tmp_path / "unpacked" / "README.md").write_text("read me")
    assert recognise(tmp_path / "unpacked").spec == owned.section(inner)


def test_years_of_voc_in_a_wrapping_folder(tmp_path: Path) -> None:
    OWNED["voc by year"].write(tmp_path / "VOCdevkit")
    shutil.rmtree(tmp_path / "VOCdevkit" / "VOC2012")
    assert OWNED["voc by year"].section(tmp_path).evaluate == recognise(tmp_path).spec.evaluate
    assert recognise(tmp_path).spec.train == "VOC2007/trainval"


def test_given_names_go_before_all_others(tmp_path: Path) -> None:
    for owned in (OWNED["yolo, data.yaml"], OWNED["yolo, classes.txt"]):
        given = owned.write(tmp_path / owned.layout)
        found = recognise(given, names=["a", "b", "c"])
        assert (found.spec.names, found.source.classes) == (["a", "b", "c"], ("a", "b", "c"))


@pytest.mark.parametrize("kind", ["yolo", "coco", "voc"])
def test_where_all_formats_fit_one_has_to_be_chosen(tmp_path: Path, kind: str) -> None:
    for name in ("yolo, data.yaml", "coco", "voc"):
        OWNED[name].write(tmp_path / "data")
    with pytest.raises(DataError, match=r"more than one format; found voc .+ and coco .+ and yolo .+--format\."):
        recognise(tmp_path / "data")
    owned = {"yolo": OWNED["yolo, data.yaml"], "coco": OWNED["coco"], "voc": OWNED["voc"]}[kind]
    assert recognise(tmp_path / "data", kind).spec == owned.section(tmp_path / "data")


def test_a_broken_yaml_file_of_another_name_is_none_of_the_data(tmp_path: Path) -> None:
    given = Owned(COCO, {}, change=add("compose.yaml", "- !vault x\n")).write(tmp_path / "data")
    assert recognise(given).spec.format == "coco"


def test_labels_behind_a_link(tmp_path: Path) -> None:
    given = OWNED["yolo, classes.txt"].write(tmp_path / "data")
    for kind in ("images", "labels"):
        (given / kind).rename(tmp_path / kind)
        (given / kind).symlink_to(tmp_path / kind)
    assert recognise(given).spec == OWNED["yolo, classes.txt"].section(given)


def counted(monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> list[object]:
    """Return a list that grows by the first argument of every call of a function."""
    calls: list[object] = []
    original: Callable[..., object] = getattr(where, name)

    def counting(*arguments: object) -> object:
        calls.append(arguments[0])
        return original(*arguments)

    monkeypatch.setattr(where, name, counting)
    return calls


@pytest.mark.parametrize("name", ["yolo, data.yaml", "coco", "coco, one JSON", "voc"])
def test_nothing_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    given = OWNED[name].write(tmp_path / "data")
    images = counted(monkeypatch, known_images, "measure_image")
    parsed = counted(monkeypatch, instances, "_load")
    annotations = counted(monkeypatch, voc, "parse_xml")
    found = recognise(given)
    read_target(found.spec, found.source)
    assert len(images) == len(set(images)) == 10
    assert len(parsed) == len(set(parsed)) == {"coco": 2, "coco, one JSON": 1}.get(name, 0)
    # once for the class names of all, once for the boxes of an image
    assert len(annotations) == (20 if name == "voc" else 0)


#: What is wrong: the data, what breaks them, what is given beside, and what the line says.
REFUSED: dict[str, tuple[Owned, Break, dict[str, Any], str]] = {
    "nothing there": (Owned(YOLO, {}), remove(""), {}, "no such folder. Give the folder of your data with --data."),
    "empty folder": (Owned(YOLO, {}), all_of(remove(""), Path.mkdir), {}, "no known layout of data; expected voc: Ann"),
    "other files": (
        Owned(YOLO, {}, change=all_of(remove("images"), remove("labels"))), text("data.yaml", "a: b"), {},
        "label files beside images, found ['data.yaml']. Give",
    ),
    "names that break a line": (
        Owned(YOLO, {}), all_of(remove(""), Path.mkdir, lambda root: (root / "a\nb").mkdir(), add("c\x1b", "")), {},
        r"found ['a\nb/', 'c\x1b']",
    ),
    "archive": (
        Owned(YOLO, {}), all_of(remove(""), lambda root: root.write_bytes(b"PK\3\4")), {},
        "found a file. Give the folder that holds these with --data; an archive has to be unpacked first.",
    ),
    "wrapped too deep": (
        Owned(VOC, {}), all_of(rename("", "../x"), rename("../x", "a/b/c")), {}, "no known layout of data",
    ),
    "two datasets": (
        Owned(VOC, {}), all_of(rename("", "../x"), rename("../x", "a"), lambda root: (root / "b").mkdir()), {},
        "found ['a/', 'b/']",
    ),
    "another format": (
        Owned(VOC, {}), nothing, {"wanted": "coco"},
        "no known layout of data; expected coco: annotations/instances_<part>.json, <part>/_annotations.coco.json or "
        "one instances JSON, found ['Annotations/', 'ImageSets/', 'JPEGImages/']",
    ),
    "no names": (Owned(NAMED, {}), nothing, {}, "the class names are unknown; expected 'names' in a data.yaml"),
    "no names in data.yaml": (
        Owned(YOLO, {}), text("data.yaml", "train: images/train\nval: images/val\nnames:\n"), {},
        "Give them with --names, e.g. --names cat,dog, or the data.yaml with --data.",
    ),
    "classes.txt of nothing": (Owned(NAMED, {}), add("classes.txt", "\n \n"), {}, "the class names are unknown"),
    "classes.txt of another encoding": (
        Owned(NAMED, {}), text("classes.txt", "fig\né".encode("latin-1")), {},
        "classes.txt: cannot be read; expected UTF-8 text, one class name a line, found 'utf-8' codec can't decode",
    ),
    "class without a name": (
        Owned(YOLO, {}), swap("data.yaml", "0: fig", "0: ''"), {},
        "a class has no name that can be written; expected UTF-8 text that is not empty, found ''. Correct 'names'",
    ),
    "gap in --names": (Owned(NAMED, {}), nothing, {"names": ["a", "", "b"]}, "a class has no name that can be written"),
    "names that are no text": (Owned(NAMED, {}), nothing, {"names": ["a", "\udcff", "b"]}, r"found '\udcff'"),
    "half a character": (
        Owned(COCO, {}),
        each("annotations/*", lambda path: path.write_text(path.read_text().replace("fig", "\\ud800"))), {},
        r"found '\ud800'",
    ),
    "data.yaml that is none": (Owned(YOLO, {}), text("data.yaml", "- a\n"), {}, "data.yaml: is not a data.yaml"),
    "data.yaml of no YAML": (Owned(YOLO, {}), text("data.yaml", "a: [\n"), {}, "data.yaml: cannot be read as YAML"),
    "number of other names": (Owned(YOLO, {}), swap("data.yaml", "nc: 3", "nc: 4"), {}, "nc does not fit names"),
    "data.yaml of nothing": (Owned(YOLO, {}), remove("images"), {}, "no images found"),
    "JSON cut short": (Owned(COCO, {}), cut("annotations/*.json", 9), {}, "cannot be read as JSON"),
    "one JSON cut short": (OWNED["coco, one JSON"], cut("boxes.json", 9), {}, "boxes.json: cannot be read as JSON"),
    "JSON without images": (
        Owned(COCO, {}), each("annotations/*", lambda path: path.write_text('{"categories": []}')), {},
        "a COCO instances file",
    ),
    "JSON files of no part": (
        Owned(COCO, {}),
        all_of(
            rename("annotations/instances_train.json", "a.json"), rename("annotations/instances_val.json", "b.json"),
        ),
        {}, "several JSON files, none of a known name; expected annotations/instances_<part>.json, found a.json, b.js",
    ),
    "no part to train on": (
        Owned({**YOLO, "train": "validation", "evaluate": "test"}, {}), nothing, {},
        "no part to train on; expected a part named train, found 'validation', 'test'. Rename a part, or write the sui",
    ),
    "no part to evaluate on": (
        Owned({**COCO, "evaluate": "held-out"}, {}), nothing, {},
        "no part to evaluate on; expected a part named val or valid or validation or test, found 'held-out', 'train'",
    ),
    "no object": (
        Owned(VOC, {}), each("Annotations/*", lambda path: path.write_text("<annotation/>")), {},
        "no object is annotated",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recognised_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    owned, broken, options, said = REFUSED[name]
    given = owned.write(tmp_path / "data")
    broken(given)
    with pytest.raises(DataError) as caught:
        recognise(given, **options)
    line = str(caught.value)
    assert said in line
    assert line.startswith(str(given))
    assert line.isprintable()
    assert line.endswith(".")
    assert len(line) < 800


@pytest.mark.parametrize("above", [False, True])
def test_a_folder_whose_name_no_suite_can_say(tmp_path: Path, above: bool) -> None:
    given = OWNED["voc"].write(tmp_path / "data").rename(tmp_path / os.fsdecode(b"d\xff"))
    with pytest.raises(DataError, match=r"d\\udcff': a folder's name is not UTF-8 text\. Rename the folder\.$"):
        recognise(tmp_path if above else given)


@pytest.mark.parametrize("place", ["", "labels", "data.yaml", "classes.txt"])
def test_what_this_user_may_not_read_is_named(tmp_path: Path, place: str) -> None:
    owned = OWNED["yolo, classes.txt" if place == "classes.txt" else "yolo, data.yaml"]
    given = owned.write(tmp_path / "data")
    (given / place).chmod(0)
    try:
        if os.access(given / place, os.R_OK):
            pytest.skip("this user may read everything")
        with pytest.raises(DataError, match="Permission denied") as caught:
            found = recognise(given)
            read_target(found.spec, found.source)
        assert str(given / place) in str(caught.value)
    finally:
        (given / place).chmod(0o755)


@pytest.mark.parametrize(
    ("name", "broken", "said"),
    [
        ("yolo, data.yaml", each("labels/*/*", lambda path: path.write_text("")), "no usable label in part 'train'"),
        ("yolo, no parts", each("labels/*", Path.unlink), "no usable label in part 'train'"),
        ("voc", each("JPEGImages/*", lambda path: path.write_text("x")), "no usable image in part 'train'"),
        ("coco", remove("val"), "no usable image in part 'val'; expected at least one, found 0 images listed"),
        ("coco, to train on only", each("train/00000[2-9].png", Path.unlink), "too few images to split"),
    ],
)
def test_data_without_a_usable_label(tmp_path: Path, name: str, broken: Break, said: str) -> None:
    given = OWNED[name].write(tmp_path / "data")
    broken(given)
    found = recognise(given)
    with pytest.raises(DataError, match=said):
        read_target(found.spec, found.source)


@pytest.mark.parametrize(("train", "evaluate"), [("training", "validation"), ("Training", "Testing")])
@pytest.mark.parametrize("kind", ["yolo", "yolo, images in parts", "coco", "coco, other names"])
def test_longer_words_for_parts(tmp_path: Path, kind: str, train: str, evaluate: str) -> None:
    parts = {"train": train, "val": evaluate}
    written = Owned(COCO if kind.startswith("coco") else NAMED, {})
    given = written.write(tmp_path / "data")
    for old, new in parts.items():
        if kind.startswith("coco"):
            (given / "annotations" / f"instances_{old}.json").rename(
                given / "annotations" / (f"instances_{new}.json" if kind == "coco" else f"{new}.json")
            )
            images = next(place for place in (given / old, given / "images" / old) if place.is_dir())
            images.rename(images.with_name(new))
            continue
        for folder in ("images", "labels"):
            to = f"{new}/{folder}" if "parts" in kind else f"{folder}/{new}"
            rename(f"{folder}/{old}", to)(given)
    if kind.startswith("yolo"):
        (given / "classes.txt").write_text("fig\npear\nplum\n")
        if "parts" in kind:
            (given / "images").rmdir()
            (given / "labels").rmdir()
    found = recognise(given)
    data = read_target(found.spec, found.source)
    assert data.train is not None
    assert (data.train.split.casefold(), data.evaluate.split.casefold()) == (train.casefold(), evaluate.casefold())
    assert (len(data.train.samples), len(data.evaluate.samples)) == (6, 4)
    assert data.train.classes == CLASSES


def test_of_several_json_files_one_part_alone_is_not_taken(tmp_path: Path) -> None:
    change = all_of(
        rename("annotations/instances_train.json", "annotations/learn.json"),
        rename("annotations/instances_val.json", "annotations/validation.json"),
    )
    given = Owned(COCO, {}, change=change).write(tmp_path / "data")
    with pytest.raises(DataError, match=r"several JSON files, none of a known name; .+ found learn\.json, validation"):
        recognise(given)
