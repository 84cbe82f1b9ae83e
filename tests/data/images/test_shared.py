"""Images that are trained on and evaluated on: told by file, by content and by Roboflow's source."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.factories import sample
from support.layouts import write_coco, write_image, write_voc, write_yolo

from forgetbench.data.images.shared import alike, shared_images, shared_warning, source_name
from forgetbench.data.load import LoadedData, load_data
from forgetbench.suite.data_section import Data

BOX = "0 0.5 0.5 0.2 0.4\n"
HASH = "0f3a" * 8
OTHER = "9b1c" * 8


def target(spec: Data) -> LoadedData:
    return load_data(spec, role="target", suite_folder=None)


def both(root: Path, train: list[str], val: list[str]) -> Path:
    write_yolo(root, dict.fromkeys(train, BOX), "images/train", "labels/train")
    write_yolo(root, dict.fromkeys(val, BOX), "images/val", "labels/val")
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [x]\n")
    return root


def told(loaded: LoadedData) -> list[tuple[str, str]]:
    kind = "trained-on-and-evaluated-on"
    return [(oddity.file, oddity.detail) for oddity in loaded.report.found if oddity.kind == kind]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (f"cat_jpg.rf.{HASH}.jpg", "cat_jpg"),
        (f"Cat_JPG.rf.{OTHER}.JPG", "cat_jpg"),
        (f"a.b_png.rf.{HASH}.png", "a.b_png"),
        ("cat_jpg.rf.AbC123dEf4567890xyz.jpg", "cat_jpg"),
        ("cat.jpg", None),
        ("surf.12345678.jpg", None),
        ("cat.rf.jpg", None),
    ],
)
def test_source_of_an_exported_image(name: str, source: str | None) -> None:
    assert source_name(name) == source


def test_same_folder_for_both_parts(tmp_path: Path) -> None:
    both(tmp_path, ["a.png", "b.png"], [])
    (tmp_path / "data.yaml").write_text("train: images/train\nval: images/train\nnames: [x]\n")
    loaded = target(Data(format="yolo", path=str(tmp_path)))
    assert told(loaded) == [("images/train/a.png", "trained on too"), ("images/train/b.png", "trained on too")]


def test_lists_that_overlap(tmp_path: Path) -> None:
    both(tmp_path, ["a.png", "b.png", "c.png"], [])
    for part, names in (("train", "ab"), ("val", "bc")):
        (tmp_path / f"{part}.txt").write_text("".join(f"images/train/{name}.png\n" for name in names))
    (tmp_path / "data.yaml").write_text("train: train.txt\nval: val.txt\nnames: [x]\n")
    assert told(target(Data(format="yolo", path=str(tmp_path)))) == [("images/train/b.png", "trained on too")]


def copied(image: Path, to: Path) -> object:
    return shutil.copyfile(image, to)


def linked(image: Path, to: Path) -> None:
    to.symlink_to(image)


def hard_linked(image: Path, to: Path) -> None:
    to.hardlink_to(image)


@pytest.mark.parametrize(
    ("bring", "said"),
    [
        (copied, "the same content as images/train/a.png, which is trained on"),
        (linked, "trained on too"),
        (hard_linked, "trained on too"),
    ],
)
def test_same_content_under_another_name(tmp_path: Path, bring: Callable[[Path, Path], object], said: str) -> None:
    both(tmp_path, ["a.png", "b.png"], ["c.png"])
    bring(tmp_path / "images" / "train" / "a.png", tmp_path / "images" / "val" / "z.png")
    (tmp_path / "labels" / "val" / "z.txt").write_text(BOX)
    assert told(target(Data(format="yolo", path=str(tmp_path)))) == [("images/val/z.png", said)]


def test_equal_size_alone_is_no_sharing(tmp_path: Path) -> None:
    one, other = (tmp_path / name for name in ("a.png", "b.png"))
    one.write_bytes(b"12345678")
    other.write_bytes(b"12345679")
    samples = [sample(path, 1, 1, [], []) for path in (one, other)]
    assert shared_images(samples[:1], samples[1:]) == {}


def test_augmented_copies_of_one_source(tmp_path: Path) -> None:
    both(tmp_path, [f"cat_jpg.rf.{HASH}.jpg", f"dog_jpg.rf.{HASH}.jpg"], [f"cat_jpg.rf.{OTHER}.jpg"])
    said = f"another copy of the same source image as images/train/cat_jpg.rf.{HASH}.jpg, which is trained on"
    assert told(target(Data(format="yolo", path=str(tmp_path)))) == [(f"images/val/cat_jpg.rf.{OTHER}.jpg", said)]


def test_sharing_is_told_in_coco_and_voc(tmp_path: Path) -> None:
    write_image(tmp_path / "coco" / "images" / "a.png")
    for part in ("train", "val"):
        box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 0, 9, 9]}
        file = f"annotations/instances_{part}.json"
        write_coco(tmp_path / "coco", [{"id": 1, "file_name": "a.png"}], [box], {1: "x"}, file)
    assert told(target(Data(format="coco", path=str(tmp_path / "coco")))) == [("images/a.png", "trained on too")]
    write_voc(tmp_path / "voc", "a", "<object><name>x</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
              "<ymax>9</ymax></bndbox></object>")  # fmt: skip
    lists = tmp_path / "voc" / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    for part in ("train", "val"):
        (lists / f"{part}.txt").write_text("a\n")
    assert told(target(Data(format="voc", path=str(tmp_path / "voc")))) == [("JPEGImages/a.png", "trained on too")]


def flattened(root: Path, **x_of: int) -> LoadedData:
    """Read two parts of which one image of each ends at the same file, its box beginning at x."""
    for name in ("000.png", "1.png", "2.png"):
        write_image(root / "images" / name)
    for part, name, more in (("train", "cam0/000.png", "1.png"), ("val", "cam1/000.png", "2.png")):
        images = [{"id": 1, "file_name": name}, {"id": 2, "file_name": more}]
        boxes = [{"id": i, "image_id": i, "category_id": 1, "bbox": [x, 0, 9, 9]} for i, x in ((1, x_of[part]), (2, 0))]
        write_coco(root, images, boxes, {1: "x"}, f"annotations/instances_{part}.json")
    return target(Data(format="coco", path=str(root)))


def test_one_file_of_two_records_in_different_parts_is_nobodys(tmp_path: Path) -> None:
    loaded = flattened(tmp_path, train=3, val=4)
    assert loaded.train is not None
    assert [sample.image.name for sample in (*loaded.train.samples, *loaded.evaluate.samples)] == ["1.png", "2.png"]
    assert set(loaded.report.counts()) == {"duplicate-image"}


def test_one_file_of_two_records_that_agree_is_shared(tmp_path: Path) -> None:
    loaded = flattened(tmp_path, train=3, val=3)
    assert loaded.train is not None
    assert [sample.image.name for sample in loaded.train.samples] == ["1.png", "000.png"]
    assert told(loaded) == [("images/000.png", "trained on too")]


@pytest.mark.parametrize("nearly", ["A.PNG", "a.jpg", "A.png"])
def test_a_file_named_exactly_is_not_what_others_nearly_name(tmp_path: Path, nearly: str) -> None:
    for name in ("a.png", "b.png"):
        write_image(tmp_path / "images" / name)
    for part, names in (("train", ["a.png", nearly]), ("val", ["b.png"])):
        images = [{"id": i, "file_name": name} for i, name in enumerate(names)]
        boxes = [{"id": i, "image_id": i, "category_id": 1, "bbox": [i, 0, 9, 9]} for i in range(len(names))]
        write_coco(tmp_path, images, boxes, {1: "x"}, f"annotations/instances_{part}.json")
    loaded = target(Data(format="coco", path=str(tmp_path)))
    assert loaded.train is not None
    assert [sample.boxes.tolist() for sample in loaded.train.samples] == [[[0, 0, 9, 9]]]
    (odd,) = loaded.report.found
    assert (odd.kind, odd.file) == ("missing-image", "images/a.png")
    assert odd.detail == f"'{nearly}' only nearly names this file, which is that of 'a.png': left out"


def test_copies_stay_together_in_a_split(tmp_path: Path) -> None:
    names = [f"{animal}_jpg.rf.{mark * 32}.jpg" for animal in "abcdefgh" for mark in "012"]
    write_yolo(tmp_path, dict.fromkeys(names, BOX))
    for number in range(4):
        write_yolo(tmp_path, {f"plain{number}.png": BOX})
        shutil.copyfile(tmp_path / "images" / f"plain{number}.png", tmp_path / "images" / f"twin{number}.png")
        (tmp_path / "labels" / f"twin{number}.txt").write_text(BOX)
    (tmp_path / "data.yaml").write_text("train: images\nnames: [x]\n")
    for seed in range(5):
        split = {"seed": seed, "evaluate": 0.3}
        loaded = target(Data.model_validate({"format": "yolo", "path": str(tmp_path), "split": split}))
        assert told(loaded) == []
        assert 7 <= len(loaded.evaluate.samples) <= 10  # 0.3 x 32 is 9.6; a group of three may not fit any more


def test_first_of_copies(tmp_path: Path) -> None:
    paths = [
        tmp_path / name for name in ("a.png", "b.png", f"c_jpg.rf.{HASH}.jpg", f"c_jpg.rf.{OTHER}.jpg", "gone.png")
    ]
    for path, content in zip(paths, (b"one", b"one", b"two", b"six", None), strict=True):
        if content is not None:
            path.write_bytes(content)
    assert list(alike(paths).values()) == [paths[0], paths[0], paths[2], paths[2], paths[4]]


def test_warning_counts() -> None:
    assert shared_warning("fruit", 20, {"corrupt-image": 3}) is None
    assert shared_warning("fruit", 20, {"trained-on-and-evaluated-on": 1}) == (
        "1 of the 20 images of fruit that are scored is trained on too (the same file, content or source image): a "
        "score on images that a model has seen says little of others"
    )
