"""COCO JSON: categories, crowds, areas, files and folders."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from support.layouts import write_coco, write_image

from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.data.formats.coco.reader import read_coco
from forgetbench.errors import DataError


def image(key: int, name: str, width: int = 100, height: int = 50) -> dict[str, object]:
    return {"id": key, "file_name": name, "width": width, "height": height}


def annotation(key: int, owner: int, category: int, bbox: object, **more: object) -> dict[str, object]:
    return {"id": key, "image_id": owner, "category_id": category, "bbox": bbox, **more}


def test_sparse_ids_crowds_and_areas(tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "a.png")
    write_coco(
        tmp_path,
        [image(9, "a.png")],
        [
            annotation(1, 9, 90, [10, 20, 30, 10], area=123.5, iscrowd=0),
            annotation(2, 9, 3, [0, 0, 100, 50], iscrowd=1, segmentation={"counts": []}),
        ],
        {90: "late", 3: "early", 17: "middle"},
    )
    source = read_coco(tmp_path, "annotations.json", "images")
    assert source.classes == ("early", "middle", "late")
    (sample,) = source.samples("")
    assert sample.boxes.tolist() == [[10, 20, 40, 30], [0, 0, 100, 50]]
    assert sample.classes.tolist() == [2, 0]
    assert sample.areas.tolist() == [123.5, 5000]
    assert sample.crowd.tolist() == [False, True]
    assert source.report.found == []


@pytest.mark.parametrize(("flag", "crowd"), [("0", False), (0.0, False), (None, False), ("1", True), (True, True)])
def test_crowd_flags_are_numbers(tmp_path: Path, flag: object, crowd: bool) -> None:
    write_image(tmp_path / "images" / "a.png")
    write_coco(tmp_path, [image(9, "a.png")], [annotation(1, 9, 1, ["10", 20, 30.0, 10], iscrowd=flag)], {1: "x"})
    (sample,) = read_coco(tmp_path).samples("")
    assert (sample.crowd.tolist(), sample.boxes.tolist()) == ([crowd], [[10, 20, 40, 30]])


def test_oddities(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        write_image(tmp_path / "images" / name)
    write_coco(
        tmp_path,
        [image(1, "a.png"), image(2, "b.png", 640, 480), image(3, "gone.png"), image(1, "a.png"), image(5, "c.png")],
        [
            annotation(11, 1, 1, [0, 0, 10, 10]),
            annotation(12, 1, 1, [0, 0, 0, 10]),
            annotation(13, 1, 8, [0, 0, 10, 10]),
            annotation(14, 1, 1, [0, 0, 10]),
            annotation(16, 77, 1, [0, 0, 10, 10]),
            annotation(17, 2, 1, [90, 40, 20, 20]),
            {"id": 18, "image_id": 2, "category_id": 1, "segmentation": [[1, 2, 30, 2, 20, 40]]},
            {"id": 19, "image_id": 2, "category_id": 1, "bbox": [], "segmentation": [[1, 2, 30, 2, 20, 30]]},
        ],
        {1: "x"},
    )
    source = read_coco(tmp_path)
    samples = source.samples("")
    assert [sample.image.name for sample in samples] == ["a.png", "b.png", "c.png"]
    assert [sample.boxes.tolist() for sample in samples] == [
        [[0, 0, 10, 10]],
        [[90, 40, 100, 50], [1, 2, 30, 40], [1, 2, 30, 30]],
        [],
    ]
    assert source.report.counts() == {
        "unreadable-label": 2,
        "duplicate-image": 1,
        "missing-image": 1,
        "class-beyond-names": 1,
        "zero-area-box": 1,
        "image-size-mismatch": 1,
        "label-out-of-range": 1,
        "polygon-among-boxes": 2,
        "image-without-label": 1,
    }
    zero = next(oddity for oddity in source.report.found if oddity.kind == "zero-area-box")
    assert (zero.file, zero.detail) == ("images/a.png", "annotation 12: box of 0 x 10 pixels: dropped")


def test_parts_by_file_with_their_folders(tmp_path: Path) -> None:
    for part in ("train2017", "val2017"):
        write_image(tmp_path / part / f"{part}.png")
        name = f"annotations/instances_{part}.json"
        write_coco(tmp_path, [image(1, f"{part}.png")], [annotation(1, 1, 1, [0, 0, 5, 5])], {1: "x"}, name)
    write_coco(tmp_path, [], [], {1: "person"}, "annotations/person_keypoints_val2017.json")
    source = read_coco(tmp_path)
    assert sorted(source.split_names) == ["train2017", "val2017"]
    assert [sample.image.name for sample in source.samples("val2017")] == ["val2017.png"]


def test_json_beside_its_images(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        write_image(tmp_path / part / "a.png")
        file = f"{part}/_annotations.coco.json"
        write_coco(tmp_path, [image(1, "a.png")], [annotation(1, 1, 0, [0, 0, 5, 5])], {0: "x"}, file)
    source = read_coco(tmp_path)
    assert source.split_names == ("train", "valid")
    assert source.samples("valid")[0].image == tmp_path / "valid" / "a.png"


def test_file_name_with_folders(tmp_path: Path) -> None:
    write_image(tmp_path / "val2017" / "a.png")
    write_image(tmp_path / "val2017" / "deep" / "b.png")
    images = [image(1, "coco/val2017/a.png"), image(2, "deep/b.png")]
    write_coco(tmp_path, images, [annotation(1, 1, 1, [0, 0, 5, 5])], {1: "x"})
    found = read_coco(tmp_path, "annotations.json", "val2017").images("")
    assert [listed.name for listed in found] == ["val2017/a.png", "val2017/deep/b.png"]


def test_names_choose_and_order_the_classes(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png")
    boxes = [annotation(1, 1, 1, [0, 0, 5, 5]), annotation(2, 1, 2, [0, 0, 6, 6])]
    write_coco(tmp_path, [image(1, "a.png")], boxes, {1: "x", 2: "y"})
    source = read_coco(tmp_path, names=("z", "y"))
    assert source.samples("")[0].classes.tolist() == [1]
    assert source.report.counts() == {"class-beyond-names": 1}


def test_what_is_missing_or_broken(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no annotations file; expected annotations/instances_<part>\.json"):
        read_coco(tmp_path)
    with pytest.raises(DataError, match="no annotations file"):
        read_coco(tmp_path, "gone.json")
    path = write_coco(tmp_path, [], [], {1: "x"})
    with pytest.raises(DataError, match="no folder of images"):
        read_coco(tmp_path, "annotations.json", "gone")
    for text, problem in (
        ("{", "cannot be read as JSON"),
        ("[]", "is not a COCO instances file"),
        ('{"images": [], "annotations": [], "categories": []}', "no categories"),
        ('{"images": [], "annotations": [], "categories": [{"id": true, "name": "x"}]}', "a category cannot be used"),
        ('{"images": [], "annotations": [], "categories": [{"id": 1}]}', "a category cannot be used"),
        ('{"images": [], "annotations": [], "categories": [{"id": 1, "name": null}]}', "a class has no name"),
        (
            '{"images": [], "annotations": [], "categories": [{"id": 1, "name": "x"}, {"id": "1", "name": "y"}]}',
            "a category cannot be used; expected an 'id' of its own; 'x' has this one too",
        ),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=problem) as caught:
            read_coco(tmp_path)
        assert "\n" not in str(caught.value)


def test_coco_names() -> None:
    assert len(COCO_NAMES) == len(set(COCO_NAMES)) == 80
    assert (COCO_NAMES[0], COCO_NAMES[46], COCO_NAMES[47], COCO_NAMES[49], COCO_NAMES[79]) == (
        "person", "banana", "apple", "orange", "toothbrush",
    )  # fmt: skip


def test_coco_names_are_those_of_ultralytics() -> None:
    found = find_spec("ultralytics")
    assert found is not None
    assert found.origin is not None
    listed = Path(found.origin).parent / "cfg" / "datasets" / "coco.yaml"
    assert tuple(yaml.safe_load(listed.read_text(encoding="utf-8"))["names"].values()) == COCO_NAMES
