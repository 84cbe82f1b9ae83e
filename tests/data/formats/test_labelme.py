"""labelme: shapes to boxes, layouts, and what is no box."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from support.layouts import write_image

from forgetbench.data.formats.labelme import read_labelme
from forgetbench.data.load import load_data
from forgetbench.data.recognise import recognise
from forgetbench.errors import DataError


def shape(label: Any, points: Any, kind: Any = "rectangle", **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "shape_type": kind, **more}


def write(root: Path, stem: str, *shapes: Any, image: bool = True, **more: Any) -> None:
    """Write an image of 100 x 50 pixels and its JSON."""
    if image:
        write_image(root / f"{stem}.png")
    document = {"version": "5.0", "shapes": list(shapes), "imagePath": f"{stem}.png", "imageData": None, **more}
    (root / f"{stem}.json").parent.mkdir(parents=True, exist_ok=True)
    (root / f"{stem}.json").write_text(json.dumps(document))


BOX = shape("cat", [[10, 5], [30, 25]])


def test_labels_that_are_no_text_are_taken_as_written(tmp_path: Path) -> None:
    write(tmp_path, "a", *(shape(label, [[0, 0], [n + 5, 5]]) for n, label in enumerate((7, 2.5, True, "7"))))
    source = read_labelme(tmp_path)
    (sample,) = source.samples("")
    assert source.classes == ("2.5", "7", "true")
    assert sample.classes.tolist() == [1, 0, 2, 1]


@pytest.mark.parametrize(
    ("given", "box"),
    [
        (BOX, [10, 5, 30, 25]),
        (shape("cat", [[30, 25], [10, 5]]), [10, 5, 30, 25]),
        (shape("cat", [[10, 25], [30, 5]]), [10, 5, 30, 25]),
        (shape("cat", [[10, 5], [30, 5], [30, 25], [10, 25]]), [10, 5, 30, 25]),
        (shape(" cat ", [["10.5", 5], [30, 25]]), [10.5, 5, 30, 25]),
        (shape("cat", [[10, 5], [40, 20], [20, 45]], "polygon"), [10, 5, 40, 45]),
        (shape("cat", [[10, 5], [40, 20], [20, 45]], None), [10, 5, 40, 45]),
        (shape("cat", [[40, 25], [43, 29]], "circle"), [35, 20, 45, 30]),
        (shape("cat", [[10, 20], [20, 10], [30, 20], [20, 30]], "rotation"), [10, 10, 30, 30]),
        (shape("cat", [[10, 5], [30, 25]], "mask", mask="abc"), [10, 5, 30, 25]),
        (shape("cat", [[-5, 5], [30, 25]]), [0, 5, 30, 25]),
    ],
)
def test_boxes_of_shapes(tmp_path: Path, given: dict[str, Any], box: list[float]) -> None:
    write(tmp_path, "a", given)
    source = read_labelme(tmp_path)
    (sample,) = source.samples("")
    assert source.classes == ("cat",)
    assert sample.boxes.tolist() == [box]
    assert {oddity.kind for oddity in source.report.found} <= {"label-out-of-range"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (shape("cat", [[1, 2]]), "a rectangle of 1 points"),
        (shape("cat", [[1, 2], [3, 4], [5, 6]], "circle"), "a circle of 3 points"),
        (shape("cat", [[1, "x"], [3, 4]]), "points are"),
        (shape("cat", [[1, 2, 3], [3, 4, 5]]), "points are"),
        (shape("cat", None), "a rectangle of 0 points"),
        (shape("cat", 7), "points are 7"),
        (shape("cat", [[1, math.inf], [3, 4]]), "a number is not finite"),
        (shape("", [[1, 2], [3, 4]]), "label is ''"),
        (shape(None, [[1, 2], [3, 4]]), "label is None"),
        (shape("\ud800", [[1, 2], [3, 4]]), "label is"),
        ("cat", "is 'cat', expected an object"),
    ],
)
def test_shapes_that_cannot_be_read(tmp_path: Path, given: Any, said: str) -> None:
    write(tmp_path, "a", BOX, given)
    source = read_labelme(tmp_path)
    assert len(source.samples("")[0].boxes) == 1
    (oddity,) = source.report.found
    assert (oddity.kind, oddity.file) == ("unreadable-label", "a.json")
    assert oddity.detail.startswith(f"shape 2: {said}")


def test_points_and_lines_are_dropped_and_told_once(tmp_path: Path) -> None:
    write(tmp_path, "a", BOX, shape("nose", [[1, 2]], "point"), shape("tail", [[1, 2], [9, 9]], "line"))
    write(tmp_path, "b", shape("tail", [[1, 2], [9, 9], [20, 3]], "linestrip"), BOX)
    source = read_labelme(tmp_path)
    assert source.classes == ("cat",)
    assert [len(sample.boxes) for sample in source.samples("")] == [1, 1]
    assert [(oddity.kind, oddity.file, oddity.detail) for oddity in source.report.found] == [
        ("label-form", "a.json", "3 shapes are points or lines, here a point: they have no area and are dropped")
    ]


def test_shapes_of_one_label_and_group_are_one_object(tmp_path: Path) -> None:
    def grouped(label: str, group: int | None, x: int) -> dict[str, Any]:
        return shape(label, [[x, 5], [x + 5, 10]], group_id=group)

    write(
        tmp_path, "a", *(grouped(*given) for given in [("cat", 1, 10), ("dog", 1, 20), ("cat", 1, 30), ("cat", 2, 50)])
    )
    write(tmp_path, "b", grouped("cat", None, 10), grouped("cat", None, 30))
    first, second = read_labelme(tmp_path).samples("")
    assert first.boxes.tolist() == [[10, 5, 35, 10], [20, 5, 25, 10], [50, 5, 55, 10]]
    assert first.classes.tolist() == [0, 1, 0]
    assert second.boxes.tolist() == [[10, 5, 15, 10], [30, 5, 35, 10]]


@pytest.mark.parametrize(
    "said",
    [
        {}, {"imageWidth": 100, "imageHeight": 50}, {"imageWidth": "100", "imageHeight": 50.0},
        {"imageWidth": None, "imageHeight": None}, {"imageWidth": 0, "imageHeight": 50},
        {"imageWidth": [], "imageHeight": 1},
    ],
)  # fmt: skip
def test_sizes_that_agree_or_say_nothing(tmp_path: Path, said: dict[str, Any]) -> None:
    write(tmp_path, "a", BOX, **said)
    source = read_labelme(tmp_path)
    assert len(source.samples("")) == 1
    assert source.report.found == []


def test_images_that_were_resized(tmp_path: Path) -> None:
    for stem in "abc":
        write(tmp_path, stem, shape("cat", [[20, 10], [180, 90]]), imageWidth=200, imageHeight=100)
    source = read_labelme(tmp_path)
    assert [sample.boxes.tolist() for sample in source.samples("")] == [[[10, 5, 90, 45]]] * 3
    assert [oddity.kind for oddity in source.report.found] == ["boxes-moved"]


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff\xfe"])
def test_json_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, "a", BOX)
    write(tmp_path, "b")
    (tmp_path / "b.json").write_bytes(content)
    source = read_labelme(tmp_path)
    assert [sample.image.stem for sample in source.samples("")] == ["a"]
    assert [(oddity.kind, oddity.file) for oddity in source.report.found] == [("unreadable-label", "b.json")]


def test_other_json_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a", BOX)
    for name, text in (("package.json", '{"name": "x"}'), ("list.json", "[1]"), ("n.json", "7")):
        (tmp_path / name).write_text(text)
    source = read_labelme(tmp_path)
    assert len(source.samples("")) == 1
    assert source.report.found == []


def test_nothing_annotated_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no JSON files beside images"):
        read_labelme(tmp_path)
    write(tmp_path, "a", shape("nose", [[1, 2]], "point"))
    with pytest.raises(DataError, match="no object is annotated; expected JSON files with 'shapes'"):
        read_labelme(tmp_path)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (("train/", "val/"), {"train": "train", "evaluate": "val"}),
        (("images/train/", "images/test/"), {"train": "train", "evaluate": "test"}),
        (("", ""), {"split": {"seed": 0, "evaluate": 0.2}}),
        (("a/", "b/"), {"split": {"seed": 0, "evaluate": 0.2}}),
    ],
)
def test_recognised(tmp_path: Path, places: tuple[str, str], expected: dict[str, Any]) -> None:
    data = tmp_path / "data"
    for number in range(4):
        write(data, f"{places[number % 2]}{number}", BOX)
        write_image(data / f"{places[number % 2]}{number}.png", height=50 + number)
    found = recognise(data)
    assert found.spec.format == "labelme"
    assert found.spec.model_dump(exclude_defaults=True, exclude={"path", "format"}) == {
        key: value for key, value in expected.items() if key != "split"
    } | ({"split": {}} if "split" in expected else {})
    loaded = load_data(found.spec, role="target", suite_folder=None)
    assert loaded.train is not None
    assert len(loaded.train.samples) + len(loaded.evaluate.samples) == 4


def test_images_and_json_in_folders_of_their_own(tmp_path: Path) -> None:
    write(tmp_path / "json", "a", BOX, image=False, imagePath="..\\images\\a.png")
    write_image(tmp_path / "images" / "a.png")
    found = recognise(tmp_path)
    assert found.spec.format == "labelme"
    assert [sample.image for sample in found.source.samples("")] == [tmp_path / "images" / "a.png"]


def test_large_image_data_before_the_shapes(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png")
    document = {
        "imageData": "A" * 3_000_000,
        "imageHeight": 50,
        "imagePath": "a.png",
        "imageWidth": 100,
        "shapes": [BOX],
    }
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert recognise(tmp_path).spec.format == "labelme"
