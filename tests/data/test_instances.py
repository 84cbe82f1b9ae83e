"""Indexing an instances JSON: whose annotations are whose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from layouts import write_coco

from forgetbench.data.dataset import OddityReport
from forgetbench.data.instances import Instances, read_instances


def index(folder: Path, images: list[Any], owners: list[Any]) -> tuple[Instances, list[tuple[str, str]]]:
    annotations = [{"id": 10 + position, "image_id": owner} for position, owner in enumerate(owners)]
    report = OddityReport()
    made = read_instances(write_coco(folder, images, annotations, {1: "x"}), "a.json", report)
    return made, [(oddity.kind, oddity.detail) for oddity in report.found]


def owned(made: Instances) -> dict[str, list[int]]:
    return {name: [annotation["id"] for annotation in boxes] for name, boxes in made.boxes.items()}


def test_annotations_go_to_their_images(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "a.png"}, {"id": "two", "file_name": "b.png"}]
    made, odd = index(tmp_path, images, [1, "two", 1, 3, None])
    assert owned(made) == {"a.png": [10, 12], "b.png": [11]}
    assert odd == [
        ("unreadable-label", "annotation at 3: no image 3: dropped"),
        ("unreadable-label", "annotation at 4: no image None: dropped"),
    ]


def test_second_image_of_one_id_is_no_background(tmp_path: Path) -> None:
    made, odd = index(tmp_path, [{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}], [1])
    assert (list(made.images), owned(made)) == (["a.png"], {"a.png": [10]})
    assert odd == [("duplicate-image", "'b.png' has the id 1 of 'a.png', which gets the annotations: left out")]


@pytest.mark.parametrize("image", [3, {"id": 1}, {"file_name": "a.png"}, {"id": 1, "file_name": "a\0b"}])
def test_image_that_cannot_be_named_is_left_out(tmp_path: Path, image: object) -> None:
    made, odd = index(tmp_path, [image], [])
    assert made.images == {}
    assert odd == [("unreadable-label", "image 0: no file name or no id: left out")]
