"""Where pixels are counted from: concluded from all XML files of a dataset, or said in the suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from support.layouts import voc_object, write_list, write_voc

from forgetbench.data.formats.voc import read_voc
from forgetbench.data.load import load_data
from forgetbench.errors import SuiteError
from forgetbench.suite.data_section import Data
from forgetbench.suite.load import suite_from_mapping


def read(root: Path, part: str = "", **options: Any) -> list[list[float]]:
    """Return the boxes of a part's first image."""
    boxes: list[list[float]] = read_voc(root, **options).samples(part)[0].boxes.tolist()
    return boxes


@pytest.mark.parametrize("start", [(0, 7), (7, 0), (0, 0), (0.0, 3), (0.5, 7), (7, 0.25), ("-0", 5)])
def test_a_box_that_begins_before_one_proves_it_for_all(tmp_path: Path, start: tuple[object, object]) -> None:
    write_voc(tmp_path, "a", voc_object("cat", 40, 10, 95, 43))
    write_voc(tmp_path, "b", voc_object("cat", *start, 30, 20), voc_object("cat", *start, 31, 20))
    write_list(tmp_path, "train", "a")
    write_list(tmp_path, "unused", "b")
    source = read_voc(tmp_path)
    assert source.samples("train")[0].boxes.tolist() == [[40, 10, 95, 43]]
    assert source.samples("unused")[0].boxes.tolist()[0] == [float(value) for value in start] + [30, 20]  # type: ignore[arg-type]
    assert [(oddity.kind, oddity.file, oddity.detail) for oddity in source.report.found] == [
        (
            "label-form",
            "Annotations/b.xml",
            "2 boxes begin before 1, so pixels are counted from 0: nothing is taken off any box",
        )
    ]


@pytest.mark.parametrize(
    "other",
    [
        voc_object("cat", 1, 1, 30, 20),
        voc_object("cat", -1, -2, 30, 20),  # beyond the image, whichever the first pixel is
        voc_object("cat", 0, 0, 0, 0),  # a box nobody drew
        voc_object("cat", 0, 5, 30, 5),
        voc_object("cat", 0, 5, "wide", 20),
        voc_object("", 0, 5, 30, 20),
        voc_object("cat", 5, 5, 30, 20).replace("</object>", "<part><bndbox><xmin>0</xmin></bndbox></part></object>"),
    ],
)
def test_nothing_else_proves_it(tmp_path: Path, other: str) -> None:
    write_voc(tmp_path, "a", voc_object("cat", 40, 10, 95, 43))
    write_voc(tmp_path, "b", other)
    assert read(tmp_path) == [[39, 9, 95, 43]]


@pytest.mark.parametrize(("counts_from", "box"), [(0, [0, 10, 95, 43]), (1, [0, 9, 95, 43]), (None, [0, 10, 95, 43])])
def test_the_suite_goes_before_the_conclusion(
    tmp_path: Path, counts_from: Literal[0, 1] | None, box: list[float]
) -> None:
    write_voc(tmp_path, "a", voc_object("cat", 0, 10, 95, 43))
    write_voc(tmp_path, "b", voc_object("cat", 5, 10, 95, 43))
    write_list(tmp_path, "train", "b")
    write_list(tmp_path, "val", "a")
    data = load_data(
        Data(format="voc", path=str(tmp_path), counts_from=counts_from), role="target", suite_folder=tmp_path
    )
    assert data.evaluate.samples[0].boxes.tolist() == [box]
    assert [oddity.kind for oddity in data.report.found if oddity.kind in ("label-form", "label-out-of-range")] == (
        ["label-form"] if counts_from is None else ["label-out-of-range"] if counts_from else []
    )


def test_a_dataset_without_a_zero_may_say_so(tmp_path: Path) -> None:
    write_voc(tmp_path, "a", voc_object("cat", 40, 10, 95, 43))
    assert read(tmp_path, counts_from=0) == [[40, 10, 95, 43]]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"format": "coco", "counts_from": 0}, "'counts_from' belongs to format 'voc'"),
        ({"format": "voc", "counts_from": 2}, "counts_from"),
    ],
)
def test_the_key_is_checked(section: dict[str, Any], said: str) -> None:
    suite = {
        "name": "s",
        "model": "yolov8n.pt",
        "target": {"path": "d", **section},
        "reference": {"card": "coco-val2017"},
        "freeze_points": ["none", "all-but-head"],
        "train": {"epochs": 1, "optimizer": "SGD", "lr0": 0.01},
    }
    with pytest.raises(SuiteError, match=said):
        suite_from_mapping(suite, where="here")
