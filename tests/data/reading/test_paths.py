"""What is data and what a system left there: one rule for every walk and pattern."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.layouts import write_coco, write_image, write_voc, write_yolo

from forgetbench.data.load import load_data
from forgetbench.data.reading.paths import IMAGE_SUFFIXES, UNREAD_SUFFIXES, entries, is_image, matching, walk_images
from forgetbench.suite.data_section import Data

LITTER = (
    ".hidden.png", "._a.png", ".ipynb_checkpoints/a-checkpoint.png", "@eaDir/a.png", "__MACOSX/a.png",
    "__MACOSX/images/._a.png", "$RECYCLE.BIN/x.png", "#recycle/b.png", "System Volume Information/c.png",
)  # fmt: skip


def litter(folder: Path, *more: str) -> None:
    for name in (*LITTER, *more):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"left here by a system")


def test_walks_and_patterns_pass_over_what_systems_leave(tmp_path: Path) -> None:
    wanted = [write_image(tmp_path / name) for name in ("a.png", "deep/b.PNG")]
    litter(tmp_path)
    assert list(walk_images(tmp_path)) == wanted
    assert matching(tmp_path, "*.png") == [tmp_path / "a.png"]
    assert matching(tmp_path, "*/*.png", "*.png") == wanted
    assert entries(tmp_path) == [tmp_path / "a.png", tmp_path / "deep"]
    assert matching(tmp_path, "DEEP/B.png") == [tmp_path / "deep" / "b.PNG"]
    assert matching(tmp_path / "gone", "*.png") == entries(tmp_path / "gone") == []


def test_a_folder_below_a_hidden_one_is_walked_when_it_is_named(tmp_path: Path) -> None:
    image = write_image(tmp_path / ".cache" / "images" / "a.png")
    assert list(walk_images(image.parent)) == matching(image.parent, "*.png") == [image]


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_suffixes_in_any_case(suffix: str) -> None:
    assert is_image(f"a{suffix}")
    assert is_image(f"a.b{suffix.upper()}")
    assert not is_image(f"._a{suffix}")


def test_no_suffix_is_read_and_unread() -> None:
    assert not IMAGE_SUFFIXES & UNREAD_SUFFIXES


@pytest.mark.parametrize("kind", ["yolo", "coco", "voc"])
def test_litter_changes_nothing_in_any_format(tmp_path: Path, kind: str) -> None:
    section = {"split": {"seed": 0, "evaluate": 0.5}}
    names = [f"{number}.png" for number in range(4)]
    if kind == "yolo":
        write_yolo(tmp_path, dict.fromkeys(names, "0 0.5 0.5 0.2 0.4\n"))
        (tmp_path / "data.yaml").write_text("train: images\nnames: [x]\n")
        litter(tmp_path / "images")
        litter(tmp_path / "labels", "._0.txt", ".ipynb_checkpoints/0.txt", "@eaDir/0.txt", "._data.yaml")
        litter(tmp_path, "._data.yaml")
    elif kind == "coco":
        for name in names:
            write_image(tmp_path / "images" / name)
        images = [{"id": i, "file_name": name} for i, name in enumerate(names)]
        boxes = [{"id": i, "image_id": i, "category_id": 1, "bbox": [1, 1, 9, 9]} for i in range(4)]
        write_coco(tmp_path, images, boxes, {1: "x"}, "annotations/labels.json")
        litter(tmp_path / "images")
        litter(tmp_path, "annotations/._labels.json", "._labels.json", "__MACOSX/annotations/labels.json")
    else:
        for number in range(4):
            box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
            write_voc(tmp_path, str(number), f"<object><name>x</name>{box}</object>")
        litter(tmp_path / "JPEGImages")
        litter(tmp_path / "Annotations", "._0.xml", "._7.xml", "@eaDir/8.xml")
    loaded = load_data(
        Data.model_validate({"format": kind, "path": str(tmp_path), **section}), role="target", suite_folder=None
    )
    assert loaded.train is not None
    samples = [*loaded.train.samples, *loaded.evaluate.samples]
    assert sorted(sample.image.name for sample in samples) == names
    assert all(len(sample.boxes) == 1 for sample in samples)
    assert loaded.report.found == []
