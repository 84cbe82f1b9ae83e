"""The classes of COCO files that do not agree, and Roboflow's parent category."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.layouts import write_image
from support.spied import spied

from forgetbench.data.formats.coco import instances
from forgetbench.data.formats.coco.reader import CocoSource, read_coco
from forgetbench.errors import DataError


def category(key: object, name: object, parent: str | None = None) -> dict[str, object]:
    return {"id": key, "name": name} | ({} if parent is None else {"supercategory": parent})


def write(root: Path, files: Mapping[str, list[Any]], used: Mapping[str, list[object]] | None = None) -> None:
    """Write a file of one image for each part, with a box of each category of `used`; by default of all."""
    for part, categories in files.items():
        write_image(root / part / f"{part}.png")
        keys = [entry["id"] for entry in categories] if used is None or part not in used else used[part]
        boxes = [{"id": n, "image_id": 1, "category_id": k, "bbox": [n, 0, 5, 5]} for n, k in enumerate(keys)]
        path = root / "annotations" / f"instances_{part}.json"
        path.parent.mkdir(exist_ok=True)
        images = [{"id": 1, "file_name": f"{part}.png"}]
        path.write_text(json.dumps({"images": images, "annotations": boxes, "categories": categories}))


def labels(source: CocoSource, part: str) -> list[str]:
    return [source.classes[index] for sample in source.samples(part) for index in sample.classes]


def odd(source: CocoSource) -> list[tuple[str, str, str]]:
    return [(oddity.kind, oddity.file, oddity.detail) for oddity in source.report.found]


def test_classes_are_the_union_training_first(tmp_path: Path) -> None:
    write(tmp_path, {"train": [category(2, "y"), category(1, "x")], "val": [category(1, "y"), category(2, "z")]})
    source = read_coco(tmp_path)
    assert source.classes == ("x", "y", "z")
    assert (labels(source, "train"), labels(source, "val")) == (["y", "x"], ["y", "z"])
    detail = (
        "its categories ['y', 'z'] are not those of annotations/instances_train.json, ['x', 'y']: matched by name, "
        "which makes 3 classes"
    )
    assert odd(source) == [("class-lists-differ", "annotations/instances_val.json", detail)]


@pytest.mark.parametrize(
    ("parts", "training", "classes"),
    [
        (["extra", "train2017", "val2017"], (), ("train2017", "extra", "val2017")),
        (["a", "b", "train"], ("b",), ("b", "train", "a")),
        (["a", "b", "c"], ("c", "a"), ("c", "a", "b")),
        (["a", "b"], (), ("a", "b")),
    ],
)
def test_which_file_is_the_first(
    tmp_path: Path, parts: list[str], training: tuple[str, ...], classes: tuple[str, ...]
) -> None:
    write(tmp_path, {part: [category(1, part)] for part in parts})
    source = read_coco(tmp_path, training=training)
    assert source.classes == classes
    assert [kind for kind, _, _ in odd(source)] == ["class-lists-differ"]


def test_other_ids_of_the_same_names_are_nothing_odd(tmp_path: Path) -> None:
    write(tmp_path, {"train": [category(1, "x"), category(2, "y")], "val": [category(5, "x"), category(9, "y")]})
    source = read_coco(tmp_path)
    assert (labels(source, "val"), odd(source)) == (["x", "y"], [])


def test_ids_and_names_as_json_writes_them(tmp_path: Path) -> None:
    listed = [category("10", "ten"), category(2.0, 7), category("3.0", True), category("a", "001"), category(0, 1.5)]
    write(tmp_path, {"train": listed}, {"train": ["a", 3, "2", 10.0, "0.0", True]})
    source = read_coco(tmp_path)
    assert source.classes == ("1.5", "7", "true", "ten", "001")
    assert labels(source, "train") == ["001", "true", "7", "ten", "1.5"]
    assert [(kind, text) for kind, _, text in odd(source)] == [
        ("class-beyond-names", "annotation 5: no category True: dropped")
    ]


def test_near_category_ids_are_told_once(tmp_path: Path) -> None:
    write(tmp_path, {"train": [category(7, "x"), category(8, "y")]}, {"train": ["007", "y", "08", 7, "Y", 9]})
    source = read_coco(tmp_path)
    assert labels(source, "train") == ["x", "y", "y", "x"]
    file = "annotations/instances_train.json"
    detail = "3 annotations name their categories only nearly, and no other fits: first '007' for 7, 'x'"
    assert odd(source)[0] == ("near-names", file, detail)
    assert [kind for kind, _, _ in odd(source)][1:] == ["class-beyond-names"] * 2


def test_a_name_twice_becomes_one_class(tmp_path: Path) -> None:
    write(tmp_path, {"train": [category(1, "x"), category(2, "y"), category(3, "x"), category("2", "y")]})
    source = read_coco(tmp_path)
    assert source.classes == ("x", "y")
    assert labels(source, "train") == ["x", "y", "x", "y"]
    assert [kind for kind, _, _ in odd(source)] == ["class-named-twice"]
    assert odd(source)[0][2] == "2 classes are called 'x': they become one"


PARENT = [category(0, "fruit", "none"), category(1, "fig", "fruit"), category(2, "plum", "fruit")]


@pytest.mark.parametrize("parts", [["train"], ["train", "val"]])
def test_roboflows_parent_is_left_out(tmp_path: Path, parts: list[str]) -> None:
    write(tmp_path, dict.fromkeys(parts, PARENT), {part: [1, 2] for part in parts})
    source = read_coco(tmp_path)
    assert (source.classes, labels(source, "train")) == (("fig", "plum"), ["fig", "plum"])
    detail = "'fruit' is the others' supercategory, and no annotation is of it: it is no class"
    assert odd(source) == [("class-left-out", "annotations/instances_train.json", detail)]


@pytest.mark.parametrize(
    ("train", "val", "used"),
    [
        (PARENT, PARENT, [0]),  # an annotation of one file
        (PARENT, PARENT, ["0.0"]),
        ([category(0, "fruit", "none"), category(1, "fig", "fruit"), category(2, "plum", "tree")], [], []),
        ([category(0, "fruit"), category(1, "fig"), category(2, "plum")], [], []),
        ([category(0, "fruit", "fruit"), category(1, "fig", "fruit"), category(2, "plum", "fruit")], [], []),
        (PARENT, [category(0, "fruit", "none"), category(1, "fig", "none"), category(2, "plum", "none")], []),
    ],
)
def test_other_unused_categories_stay_classes(tmp_path: Path, train: list[Any], val: list[Any], used: Any) -> None:
    write(tmp_path, {"train": train, "val": val or train}, {"train": [1, 2], "val": used})
    source = read_coco(tmp_path)
    assert source.classes == ("fruit", "fig", "plum")
    assert odd(source) == []


def test_an_only_category_is_no_parent(tmp_path: Path) -> None:
    write(tmp_path, {"train": [category(0, "fruit", "none")]}, {"train": []})
    assert read_coco(tmp_path).classes == ("fruit",)


def test_a_file_that_is_not_used_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"train": [category(1, "x"), category(2, "y")], "val": [category(1, "y")]})
    parsed = spied(monkeypatch, instances, "regular_bytes")
    source = read_coco(tmp_path)
    assert (source.classes, parsed) == (("x", "y"), [])
    assert (labels(source, "val"), parsed) == (["y"], [tmp_path / "annotations" / "instances_val.json"])


def test_a_broken_file_stops_nobody_who_does_not_use_it(tmp_path: Path) -> None:
    write(tmp_path, {"train": [category(1, "x")], "val": [category(1, "y")]})
    broken = tmp_path / "annotations" / "instances_train.json"
    broken.write_text(broken.read_text()[:-20])
    source = read_coco(tmp_path)
    assert (source.classes, labels(source, "val")) == (("y",), ["y"])
    assert odd(source)[0][:2] == ("unreadable-label", "annotations/instances_train.json")
    with pytest.raises(DataError, match="cannot be read as JSON"):
        source.images("train")


def test_names_of_the_suite_leave_all_that_out(tmp_path: Path) -> None:
    write(tmp_path, {"train": PARENT, "val": [category(1, "plum")]})
    source = read_coco(tmp_path, names=("plum", "fruit"))
    assert (source.classes, labels(source, "val")) == (("plum", "fruit"), ["plum"])
    assert odd(source) == []
