"""Indexing an instances JSON: whose annotations are whose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.layouts import write_coco

from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.coco.instances import Instances, read_instances

FORMS = [[1, 2], [1.0, 2.0], ["1", "2"], ["1.0", " 2 "]]


def index(
    folder: Path, images: list[Any], owners: list[Any], boxes: list[Any] | None = None
) -> tuple[Instances, list[tuple[str, str]]]:
    annotations = [{"id": 10 + position, "image_id": owner} for position, owner in enumerate(owners)]
    for annotation, box in zip(annotations, boxes or [], strict=False):
        annotation["bbox"] = box
    report = OddityReport()
    made = read_instances(write_coco(folder, images, annotations, {1: "x"}), "a.json", report)
    return made, [(oddity.kind, oddity.detail) for oddity in report.found]


def owned(made: Instances) -> dict[str, list[int]]:
    return {name: [annotation["id"] for annotation in boxes] for name, boxes in made.boxes.items()}


def named(*ids: object, name: str = "") -> list[dict[str, object]]:
    """Return records of these ids, of files a.png, b.png, … or all of one file."""
    return [{"id": key, "file_name": name or f"{'abcdef'[position]}.png"} for position, key in enumerate(ids)]


def test_annotations_go_to_their_images(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "a.png"}, {"id": "two", "file_name": "b.png"}]
    made, odd = index(tmp_path, images, [1, "two", 1, 3, None])
    assert owned(made) == {"a.png": [10, 12], "b.png": [11]}
    assert odd == [
        ("unreadable-label", "annotation at 3: no image 3: dropped"),
        ("unreadable-label", "annotation at 4: no image None: dropped"),
    ]


@pytest.mark.parametrize("owners", FORMS)
@pytest.mark.parametrize("ids", FORMS)
def test_ids_are_compared_as_numbers(tmp_path: Path, ids: list[Any], owners: list[Any]) -> None:
    made, odd = index(tmp_path, named(*ids), [owners[1], owners[0], owners[1]])
    assert owned(made) == {"a.png": [11], "b.png": [10, 12]}
    assert odd == []


@pytest.mark.parametrize("value", [True, False, None, 1.5, [1], {"id": 1}])
def test_what_is_no_id(tmp_path: Path, value: object) -> None:
    made, odd = index(tmp_path, named(1, value), [value, 1])
    assert owned(made) == {"a.png": [11]}
    assert [kind for kind, _ in odd] == ["unreadable-label"] * 2


@pytest.mark.parametrize(
    ("ids", "owners", "first"),
    [
        ([139, 140], ["000139", "0140"], "'000139' for 'a.png'"),
        (["000139", "000140"], [139, 140], "139 for 'a.png'"),
        ([1, 2], ["a.png", "b.png"], "'a.png' for 'a.png'"),
        ([1, 2], ["a", "b"], "'a' for 'a.png'"),
        ([1, 2], ["images/A.JPG", r"C:\b.png"], "'images/A.JPG' for 'a.png'"),
    ],
)
def test_near_ids_are_taken_and_told_once(tmp_path: Path, ids: list[Any], owners: list[Any], first: str) -> None:
    made, odd = index(tmp_path, named(*ids), owners)
    assert owned(made) == {"a.png": [10], "b.png": [11]}
    detail = f"2 annotations name their images only nearly, and no other fits: first {first}"
    assert odd == [("near-names", detail)]


def test_numbers_are_file_names_only_where_none_is_an_id(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "7.png"}, {"id": 2, "file_name": "8.png"}]
    made, odd = index(tmp_path, images, [7, "8"])
    assert owned(made) == {"7.png": [10], "8.png": [11]}
    made, odd = index(tmp_path, images, [7, 2])
    assert owned(made) == {"8.png": [11]}
    assert odd == [("unreadable-label", "annotation at 0: no image 7: dropped")]


@pytest.mark.parametrize("owner", ["a", "000001"])
def test_a_near_id_that_fits_several_is_not_taken(tmp_path: Path, owner: str) -> None:
    images = [{"id": "01", "file_name": "x/a.png"}, {"id": "001", "file_name": "y/a.png"}]
    made, odd = index(tmp_path, images, [owner])
    assert owned(made) == {}
    assert odd == [("unreadable-label", f"annotation at 0: no image '{owner}': dropped")]


def test_files_of_one_id_are_left_out(tmp_path: Path) -> None:
    made, odd = index(tmp_path, named(1, 1.0, 2), [1, 2])
    assert (list(made.images), owned(made)) == (["c.png"], {"c.png": [11]})
    detail = "'a.png' and 'b.png' have one id 1, and whose its annotations are cannot be told: left out"
    assert odd == [("duplicate-image", detail)]


@pytest.mark.parametrize(
    ("ids", "owners", "boxes", "times"),
    [
        ([1, 1], [1, 1], [[0, 0, 5, 5], [9, 9, 5, 5]], "twice"),
        ([1, "1.0"], [1], [[0, 0, 5, 5]], "twice"),
        ([1, 2], [1, 2], [[0, 0, 5, 5], [0.0, 0, 5, 5.0]], "twice"),
        ([1, 2], [1, 2, 2, 1], [[0, 0, 5, 5], [9, 9, 5, 5], [0, 0, 5, 5], [9, 9, 5, 5]], "twice"),
        ([1, 2, 3], [], [], "3 times"),
    ],
)
def test_one_image_listed_twice_is_kept_once(
    tmp_path: Path, ids: list[Any], owners: list[Any], boxes: list[Any], times: str
) -> None:
    made, odd = index(tmp_path, named(*ids, name="a.png"), owners, boxes)
    assert list(made.images) == ["a.png"]
    # The annotations of the first id: of those listed here, the ones that say 1.
    assert owned(made).get("a.png", []) == [10 + i for i, owner in enumerate(owners) if owner == 1]
    assert odd == [("duplicate-image", f"'a.png' is listed {times}: kept once")]


@pytest.mark.parametrize(
    ("ids", "owners", "boxes"),
    [
        ([1, 2], [1, 2], [[0, 0, 5, 5], [0, 0, 5, 6]]),
        ([1, 2], [1], [[0, 0, 5, 5]]),
        ([1, 2], [1, 1, 2], [[0, 0, 5, 5], [0, 0, 5, 5], [0, 0, 5, 5]]),
        ([1, 2, 3], [1, 2, 3], [[0, 0, 5, 5], [0, 0, 5, 5], [1, 0, 5, 5]]),
    ],
)
def test_one_image_with_several_annotations_is_left_out(
    tmp_path: Path, ids: list[Any], owners: list[Any], boxes: list[Any]
) -> None:
    images = [*named(*ids, name="a.png"), {"id": 9, "file_name": "b.png"}]
    made, odd = index(tmp_path, images, [*owners, 9], [*boxes, [1, 1, 2, 2]])
    assert (list(made.images), list(owned(made))) == (["b.png"], ["b.png"])
    assert [kind for kind, _ in odd] == ["duplicate-image"]
    assert odd[0][1].startswith(f"'a.png' has the ids {', '.join(map(str, ids))} with different annotations")


@pytest.mark.parametrize("image", [3, {"id": 1}, {"file_name": "a.png"}, {"id": 1, "file_name": "a\0b"}])
def test_image_that_cannot_be_named_is_left_out(tmp_path: Path, image: object) -> None:
    made, odd = index(tmp_path, [image], [])
    assert made.images == {}
    assert odd == [("unreadable-label", "image 0: no file name or no id: left out")]


def test_many_annotations_in_another_order_are_the_same_ones(tmp_path: Path) -> None:
    """Comparing each with each would take minutes."""
    boxes = [
        {"category_id": 1, "bbox": [0, 0, number, 1.0], "segmentation": {"size": [1, number]}}
        for number in range(30_000)
    ]
    annotations = [{**box, "image_id": 1} for box in boxes] + [{**box, "image_id": 2} for box in reversed(boxes)]
    images = [{"id": number, "file_name": "a.png"} for number in (1, 2)]
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a"}]}
    (tmp_path / "x.json").write_text(json.dumps(document))
    report = OddityReport()
    assert len(read_instances(tmp_path / "x.json", "x.json", report).boxes["a.png"]) == 30_000
    assert [oddity.detail for oddity in report.found] == ["'a.png' is listed twice: kept once"]
