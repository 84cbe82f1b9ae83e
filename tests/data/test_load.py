"""From a suite's section to datasets: which part is used for what, and what stops with one line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from support.layouts import tree, voc_object, write_coco, write_image, write_list, write_voc, write_yolo

from forgetbench.data.load import LoadedData, load_data
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data, Split

BOX = "0 0.5 0.5 0.2 0.4\n"


def yolo(path: Path, **fields: Any) -> Data:
    return Data(format="yolo", path=str(path), **{"names": ["x", "y"], **fields})


def target(spec: Data) -> LoadedData:
    return load_data(spec, role="target", suite_folder=None)


def reference(spec: Data, **options: Any) -> LoadedData:
    return load_data(spec, role="reference", suite_folder=None, **options)


def images(loaded: LoadedData) -> tuple[list[str], list[str]]:
    train = [sample.image.stem for sample in loaded.train.samples] if loaded.train else []
    return train, [sample.image.stem for sample in loaded.evaluate.samples]


def with_parts(root: Path, *parts: str) -> Path:
    for part in parts:
        write_yolo(root, {f"{part}{i}.png": BOX for i in range(2)}, f"images/{part}", f"labels/{part}")
    return root


def flat(root: Path, count: int = 10) -> Path:
    return write_yolo(root, {f"{i}.png": BOX for i in range(count)})


@pytest.mark.parametrize(
    ("parts", "evaluate"),
    [
        (("train", "test", "valid", "val"), "val"),
        (("train", "test", "valid"), "valid"),
        (("train", "test"), "test"),
        (("train2017", "val2017"), "val2017"),
    ],
)
def test_usual_parts(tmp_path: Path, parts: tuple[str, ...], evaluate: str) -> None:
    loaded = target(yolo(with_parts(tmp_path, *parts)))
    assert images(loaded) == ([f"{parts[0]}0", f"{parts[0]}1"], [f"{evaluate}0", f"{evaluate}1"])
    assert loaded.train is not None
    assert (loaded.train.name, loaded.train.split, loaded.evaluate.split) == (tmp_path.name, parts[0], evaluate)
    assert loaded.evaluate.classes == ("x", "y")
    assert loaded.evaluate.root == tmp_path


def test_named_parts(tmp_path: Path) -> None:
    with_parts(tmp_path, "train", "val", "extra", "odd")
    assert images(target(yolo(tmp_path, train="odd", evaluate="extra"))) == (["odd0", "odd1"], ["extra0", "extra1"])
    with pytest.raises(DataError, match="no part 'vla'; expected one of 'extra', 'odd', 'train', 'val'"):
        target(yolo(tmp_path, evaluate="vla"))


def test_several_parts_are_taken_together_in_order(tmp_path: Path) -> None:
    with_parts(tmp_path, "train", "val", "extra")
    (tmp_path / "again.txt").write_text("images/val/val1.png\nimages/extra/extra1.png\n")
    (tmp_path / "data.yaml").write_text(
        "train: images/train\nval: images/val\nextra: images/extra\nagain: again.txt\nnames: [x]\n"
    )
    loaded = target(yolo(tmp_path, names=None, train=["val", "train"], evaluate=["extra", "again"]))
    assert images(loaded) == (["val0", "val1", "train0", "train1"], ["extra0", "extra1", "val1"])
    assert loaded.train is not None
    assert (loaded.train.split, loaded.evaluate.split) == ("val+train", "extra+again")
    assert [(oddity.kind, oddity.file, oddity.detail) for oddity in loaded.report.found] == [
        ("duplicate-image", "images/extra/extra1.png", "listed twice: left out"),
        ("trained-on-and-evaluated-on", "images/val/val1.png", "trained on too"),
    ]
    with pytest.raises(DataError, match="no part 'vla'"):
        target(yolo(tmp_path, train=["train", "vla"]))


def test_one_image_in_two_json_files_counts_once(tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "a.png")
    for part, x in (("one", 1), ("two", 2)):
        box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [x, 0, 9, 9]}
        write_coco(tmp_path, [{"id": 1, "file_name": "a.png"}], [box], {1: "x"}, f"annotations/instances_{part}.json")
    loaded = reference(Data(format="coco", path=str(tmp_path), evaluate=["one", "two"]))
    assert [sample.boxes.tolist() for sample in loaded.evaluate.samples] == [[[1, 0, 10, 9]]]
    first = "images that have other annotations in annotations/instances_one.json: 1, first images/a.png"
    assert [(oddity.kind, oddity.detail) for oddity in loaded.report.found] == [
        ("duplicate-image", first),
        ("duplicate-image", "listed twice: left out"),
    ]


def test_years_of_voc_and_difficult_objects(tmp_path: Path) -> None:
    easy = voc_object("x", 1, 1, 9, 9)
    hard = voc_object("y", 1, 1, 9, 9).replace("<bndbox>", "<difficult>1</difficult><bndbox>")
    for year in ("VOC2007", "VOC2012"):
        write_voc(tmp_path / year, "1", easy, hard)
        write_list(tmp_path / year, "trainval", "1")
    write_voc(tmp_path / "VOC2007", "2", easy, hard)
    write_list(tmp_path / "VOC2007", "test", "2")
    fields: dict[str, Any] = {
        "path": str(tmp_path),
        "train": ["VOC2007/trainval", "VOC2012/trainval"],
        "evaluate": "VOC2007/test",
    }
    kept, dropped = target(Data(format="voc", **fields)), target(Data(format="voc", difficult="drop", **fields))
    assert kept.train is not None
    assert dropped.train is not None
    assert (kept.train.split, len(kept.train.samples)) == ("VOC2007/trainval+VOC2012/trainval", 2)
    assert (kept.train.instances, kept.evaluate.instances) == (4, 2)
    assert (dropped.train.instances, dropped.evaluate.instances) == (2, 1)
    assert kept.report.found == []
    assert [oddity.detail for oddity in dropped.report.found] == ["1 class has no box: y"]
    with pytest.raises(
        DataError, match=r"no part to evaluate on; expected .*, found 'VOC2007/test', 'VOC2007/trainval'"
    ):
        target(Data(format="voc", path=str(tmp_path)))


def test_what_may_not_be_read_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_parts(tmp_path, "train", "val")

    def denied(folder: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("os.scandir", denied)  # root may read everything
    with pytest.raises(DataError, match=r"train: cannot be read; expected .* may read, found Permission denied\. Corr"):
        target(yolo(tmp_path))
    with pytest.raises(DataError, match=r"cannot be read; .*File name too long"):
        target(yolo(tmp_path / ("a" * 300)))


def test_only_parts_needed_are_read(tmp_path: Path) -> None:
    with_parts(tmp_path, "train", "val")
    for image in (tmp_path / "images" / "train").iterdir():
        image.write_bytes(b"")
    assert reference(yolo(tmp_path)).report.found == []
    assert reference(yolo(tmp_path)).train is None
    with pytest.raises(DataError, match="no usable image in part 'train'"):
        reference(yolo(tmp_path), with_train=True)


def test_reference_with_train(tmp_path: Path) -> None:
    assert images(reference(yolo(with_parts(tmp_path, "train", "val")), with_train=True))[0] == ["train0", "train1"]


def test_unnamed_part_is_for_evaluation(tmp_path: Path) -> None:
    loaded = reference(yolo(flat(tmp_path, 2)), with_train=True)
    assert (loaded.train, loaded.evaluate.split) == (None, "all")
    with pytest.raises(DataError, match=r"no part to evaluate on; .*split: \{seed: 0, evaluate: 0\.2\}"):
        target(yolo(tmp_path))


def test_seeded_split_is_the_same_everywhere(tmp_path: Path) -> None:
    spec = yolo(flat(tmp_path / "one"), split=Split(seed=0, evaluate=0.3))
    train, evaluate = images(target(spec))
    assert sorted(train + evaluate) == [str(i) for i in range(10)]
    # printf '0/images/%s.png' $i | sha256sum: the three smallest are those of 1, 9 and 7.
    assert evaluate == ["1", "7", "9"]
    assert images(target(yolo(flat(tmp_path / "two"), split=spec.split))) == (train, evaluate)
    assert images(target(yolo(tmp_path / "one", split=Split(seed=1, evaluate=0.3))))[1] != evaluate


@pytest.mark.parametrize(("share", "count"), [(0.001, 1), (0.999, 9), (0.25, 2)])
def test_split_leaves_both_sides_an_image(tmp_path: Path, share: float, count: int) -> None:
    assert len(images(target(yolo(flat(tmp_path), split=Split(evaluate=share))))[1]) == count


def test_split_of_one_image_or_with_named_parts(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too few images to split"):
        target(yolo(flat(tmp_path, 1), split=Split()))
    with pytest.raises(DataError, match="'split' and named parts exclude each other"):
        target(yolo(tmp_path, split=Split(), evaluate="val"))


def test_limit_takes_the_first_by_name_of_the_evaluation_part(tmp_path: Path) -> None:
    with_parts(tmp_path, "train")
    write_yolo(tmp_path, {f"{name}.png": BOX for name in "cab"}, "images/val", "labels/val")
    (tmp_path / "train.txt").write_text("images/train/train0.png\nimages/train/train1.png\n")
    (tmp_path / "val.txt").write_text("images/val/c.png\nimages/val/b.png\nimages/val/a.png\n")
    assert images(target(yolo(tmp_path))) == (["train0", "train1"], ["c", "b", "a"])
    assert images(target(yolo(tmp_path, limit=2))) == (["train0", "train1"], ["a", "b"])


def test_names_of_a_reference_may_come_from_the_model(tmp_path: Path) -> None:
    spec = yolo(flat(tmp_path), names=None)
    assert reference(spec, known_names=("p", "q")).evaluate.classes == ("p", "q")
    assert len(reference(yolo(tmp_path, names="coco")).evaluate.classes) == 80
    with pytest.raises(DataError, match="the class names are unknown"):
        load_data(spec, role="target", suite_folder=None, known_names=("p", "q"))


def test_no_usable_label_gives_reason_and_counts(tmp_path: Path) -> None:
    with_parts(tmp_path, "train", "val")
    for label in (tmp_path / "labels" / "val").iterdir():
        label.write_text("5 0.5 0.5 0.2 0.4\n")
    with pytest.raises(DataError) as caught:
        target(yolo(tmp_path))
    message = str(caught.value)
    assert "no usable label in part 'val'" in message
    assert "2 images listed, 2 usable; 2 class-beyond-names, 2 image-without-label" in message
    assert "labels/val/val0.txt: line 1: class 5 is not among 2 names: dropped" in message
    assert "\n" not in message


def test_labels_lost_behind_a_wrong_layout_stop(tmp_path: Path) -> None:
    flat(tmp_path)
    (tmp_path / "labels").rename(tmp_path / "annotation")
    with pytest.raises(DataError, match=r"10 image-without-label; first images/0\.png: no label file labels/0\.txt"):
        reference(yolo(tmp_path))


def test_crowds_alone_are_not_usable(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png")
    crowd = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "iscrowd": 1}
    write_coco(tmp_path, [{"id": 1, "file_name": "a.png"}], [crowd], {1: "x"})
    with pytest.raises(DataError, match="no usable label in part 'all'"):
        reference(Data(format="coco", path=str(tmp_path)))


def test_every_format_arrives(tmp_path: Path) -> None:
    write_voc(tmp_path / "voc", "a", voc_object("x", 1, 1, 9, 9))
    write_list(tmp_path / "voc", "val", "a")
    write_image(tmp_path / "coco" / "images" / "a.png")
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9]}
    write_coco(tmp_path / "coco", [{"id": 1, "file_name": "a.png"}], [box], {1: "x"})
    voc = reference(Data(format="voc", path=str(tmp_path / "voc")))
    coco = reference(Data(format="coco", path=str(tmp_path / "coco"), annotations="annotations.json", images="images"))
    assert voc.evaluate.samples[0].boxes.tolist() == coco.evaluate.samples[0].boxes.tolist() == [[0, 0, 9, 9]]


def test_shapes_are_drawn_part_by_part() -> None:
    spec = Data(format="shapes", world="fine", size=64, train_images=3, evaluate_images=4, limit=2)
    loaded = target(spec)
    assert loaded.train is not None
    assert (len(loaded.train.samples), len(loaded.evaluate.samples)) == (3, 2)
    assert reference(spec).train is None


@pytest.mark.parametrize("data_format", ["coco", "voc", "yolo"])
def test_empty_folder(tmp_path: Path, data_format: str) -> None:
    with pytest.raises(DataError) as caught:
        reference(Data(format=data_format, path=str(tmp_path), names=["x"]))
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_where_a_folder_is_due(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(DataError, match="not a folder"):
        reference(Data(format="voc", path=str(tmp_path / "a")))


def test_read_only_data_are_read_and_left_alone(tmp_path: Path) -> None:
    root = with_parts(tmp_path / "data", "train", "val")
    write_voc(root, "a", voc_object("x", 1, 1, 9, 9))
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9]}
    write_coco(root, [{"id": 1, "file_name": "JPEGImages/a.png"}], [box], {1: "x"})
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    before = tree(root)
    try:
        target(yolo(root))
        reference(Data(format="voc", path=str(root)))
        reference(Data(format="coco", path=str(root)))
        assert tree(root) == before
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_same_data_behind_a_link_have_the_same_fingerprint(tmp_path: Path) -> None:
    root = with_parts(tmp_path / "data", "train", "val")
    (tmp_path / "link").symlink_to(root)
    direct, linked = reference(yolo(root)).evaluate, reference(yolo(tmp_path / "link")).evaluate
    assert linked.samples[0].image.is_relative_to(tmp_path / "link")
    assert linked.instances == 2
    assert linked.fingerprint() == direct.fingerprint()


@pytest.mark.assets
def test_fruit9_as_it_is(assets: Path) -> None:
    loaded = target(Data(format="yolo", path=str(assets / "fruit9")))
    assert loaded.train is not None
    # Counted in the label files with awk: 269 lines of five values, 267 longer ones; 154 and none.
    assert (len(loaded.train.samples), loaded.train.instances) == (52, 269 + 267)
    assert (len(loaded.evaluate.samples), loaded.evaluate.instances) == (9, 154)
    assert loaded.report.counts() == {"polygon-among-boxes": 267, "wrong-paths": 3}
    assert loaded.train.classes == (
        "apple", "banana", "cherry", "chikkoo", "grape", "kiwi", "mango", "orange", "strawberry",
    )  # fmt: skip
    counted = [0] * 9
    for sample in (*loaded.train.samples, *loaded.evaluate.samples):
        for label in sample.classes:
            counted[label] += 1
    assert counted == [13, 59, 143, 23, 272, 40, 40, 41, 59]


@pytest.mark.assets
def test_bccd_as_it_is(assets: Path) -> None:
    loaded = target(Data(format="voc", path=str(assets / "bccd"), train="train", evaluate="val"))
    assert loaded.train is not None
    # wc -l of the lists; grep -c '<object>' over their files gives 2805 and 1138, one of each without area.
    assert (len(loaded.train.samples), loaded.train.instances) == (205, 2804)
    assert (len(loaded.evaluate.samples), loaded.evaluate.instances) == (87, 1137)
    assert loaded.train.classes == ("Platelets", "RBC", "WBC")
    assert [(oddity.kind, oddity.file) for oddity in loaded.report.found] == [
        ("zero-area-box", "Annotations/BloodImage_00343.xml"),
        ("zero-area-box", "Annotations/BloodImage_00338.xml"),
    ]


@pytest.mark.assets
def test_coco_val128_as_it_is(assets: Path) -> None:
    loaded = reference(Data(format="yolo", path=str(assets / "coco-val128"), names="coco"))
    # ls | wc -l, cat labels/*.txt | wc -l
    assert (len(loaded.evaluate.samples), loaded.evaluate.instances) == (128, 898)
    assert loaded.report.found == []
    assert (loaded.evaluate.samples[0].image.name, os.sep in loaded.evaluate.name) == ("000000000139.jpg", False)
    # Line 1 of its label file: 58 (potted plant) 0.389578 0.416103 0.0385937 0.163146, image 640 x 426.
    assert loaded.evaluate.classes[loaded.evaluate.samples[0].classes[0]] == "potted plant"
    assert loaded.evaluate.samples[0].boxes[0].tolist() == pytest.approx([236.98, 142.51, 261.68, 212.01], abs=0.01)
