"""What is concluded from all label files of a YOLO dataset, and which label file is whose."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any, Literal

import pytest
from support.layouts import write_image, write_yolo

from forgetbench.data.clean import NEAR_NAMES
from forgetbench.data.formats.yolo.reader import read_yolo
from forgetbench.data.load import load_data
from forgetbench.data.reading.nearest import nearly_named
from forgetbench.data.reading.source import Source
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data

BOX = "0 0.5 0.5 0.2 0.4"
NAMES = ("x", "y")


YAML = "train: images/train\nval: images/val\nnames: [x, y]\n"


def written(root: Path, lines: dict[str, str], yaml: str = YAML) -> Path:
    """Write one image a part with the lines given."""
    for part, text in lines.items():
        write_yolo(root, {f"{part}.png": text}, f"images/{part}", f"labels/{part}")
    (root / "data.yaml").write_text(yaml)
    return root


def boxes(source: Source, part: str) -> list[list[float]]:
    return [[round(value, 6) for value in box] for sample in source.samples(part) for box in sample.boxes.tolist()]


@pytest.mark.parametrize(
    ("shape", "points"),
    [
        ("[3, 2]", "0.1 0.1 0.9 0.9 0.3 0.4"),
        ("[2, 3]", "0.1 0.1 2 0 0 0"),
        ("['2', 2.0]", "0.1 0.2 0.3 0.4"),
        ("[1, 2]", "0 0"),
    ],
)
def test_with_kpt_shape_keypoints_are_left_out(tmp_path: Path, shape: str, points: str) -> None:
    lines = f"{BOX} {points}\n{BOX.replace('.5', '.4')}\n{BOX} 0.1 0.9 0.3\n"
    source = read_yolo(written(tmp_path, {"train": lines}, f"{YAML}kpt_shape: {shape}\n"))
    assert boxes(source, "train") == [[40, 15, 60, 35], [30, 10, 50, 30]]
    found = {oddity.kind: oddity.detail for oddity in source.report.found}
    assert found["label-form"] == "2 of 3 lines have keypoints, as kpt_shape says: left out"
    assert found["unreadable-label"].startswith("line 3: 8 values; expected 5 (class cx cy w h) or ")


@pytest.mark.parametrize("shape", ["[17]", "[17, 4]", "[0, 2]", "[x, 2]", "17", "[1e99, 2]", "{17: 3}"])
def test_kpt_shape_that_is_none(tmp_path: Path, shape: str) -> None:
    root = written(tmp_path, {"train": BOX}, f"train: images/train\nnames: [x]\nkpt_shape: {shape}\n")
    with pytest.raises(DataError, match="kpt_shape cannot be read"):
        read_yolo(root)


def test_pose_labels_are_refused_by_all_parts_used(tmp_path: Path) -> None:
    face = "0 0.5 0.5 0.2 0.4 0.4 0.3 0.6 0.3 0.6 0.7 0.4 0.7"
    root = written(tmp_path, {"train": face, "val": face})
    with pytest.raises(DataError, match=r"looks like pose labels.*add kpt_shape: \[4, 2\] to the data.yaml"):
        load_data(Data(format="yolo", path=str(root)), role="target", suite_folder=None)
    (root / "labels" / "val" / "val.txt").write_text("0 0.1 0.1 0.4 0.2 0.3 0.4\n")
    assert load_data(Data(format="yolo", path=str(root)), role="target", suite_folder=None).evaluate.instances == 1


@pytest.mark.parametrize("extra", ["0.9 4", "0.35", "17"])
def test_predictions_are_refused(tmp_path: Path, extra: str) -> None:
    source = read_yolo(written(tmp_path, {"train": f"{BOX} {extra}\n{BOX}\n"}))
    with pytest.raises(DataError, match=r"looks like predictions, not labels.*save_conf.*first five columns"):
        source.samples("train")


@pytest.mark.parametrize(
    ("train", "val", "test", "refused"),
    [
        ("1", "2", None, True),
        ("1 2", "1", "2", True),
        ("1 2", "1", "0", False),  # a part that is not used has the class that is missing
        ("0 1", "1 2", None, False),
        ("1 3", "1 2", None, False),  # two too many: not a shift by one
        ("1", "1", None, False),
        ("-1 1", "1 2", None, False),
    ],
)
def test_classes_that_count_from_one(tmp_path: Path, train: str, val: str, test: str | None, refused: bool) -> None:
    lines = {
        part: "\n".join(BOX.replace("0 ", f"{number} ", 1) for number in numbers.split())
        for part, numbers in {"train": train, "val": val, "test": test}.items()
        if numbers is not None
    }
    root = written(tmp_path, lines, "train: images/train\nval: images/val\ntest: images/test\nnames: [x, y]\n")
    section: dict[str, Any] = {"format": "yolo", "path": str(root)}
    if refused:
        with pytest.raises(DataError, match=r"seem to count classes from 1.*'classes_from: 1'.*'classes_from: 0'"):
            load_data(Data(**section), role="target", suite_folder=None)
    else:
        load_data(Data(**section), role="target", suite_folder=None)
    section["class_by_name"] = {"t": "z", "v": "z"}
    loaded = load_data(Data(**section), role="target", suite_folder=None)
    assert loaded.evaluate.classes == ("z",)


@pytest.mark.parametrize(
    ("train", "val", "part"),
    [
        ("0 1", "1 2 2", "val"),
        ("2 1 1 2", "0", "train"),
        ("1 0 1", "2 2.0", "val"),
        ("0 2", "1 2 2", None),  # a name is missing
        ("0 1", "1 1 2", None),  # a slip
        ("0 1", "3 3", None),
        ("0 1", "0 2 2", None),
    ],
)
def test_one_part_that_counts_from_one(tmp_path: Path, train: str, val: str, part: str | None) -> None:
    lines = {
        name: "\n".join(f"{label} 0.5 0.5 0.2 {0.1 + place / 10}" for place, label in enumerate(labels.split()))
        for name, labels in {"train": train, "val": val}.items()
    }
    lines["val"] += "\n1 0.4 0.4 0.1 0.1"
    section: dict[str, Any] = {"format": "yolo", "path": str(written(tmp_path, lines))}
    if part is not None:
        with pytest.raises(DataError, match=f"part '{part}' seem to count classes from 1, others from 0"):
            load_data(Data(**section), role="target", suite_folder=None)
        section["classes_from"] = 0
    load_data(Data(**section), role="target", suite_folder=None)


@pytest.mark.parametrize(("first", "classes"), [(1, [0, 1]), (0, [1])])
def test_first_class_is_told(tmp_path: Path, first: Literal[0, 1], classes: list[int]) -> None:
    lines = dict.fromkeys(("train", "val"), f"1 {BOX[2:]}\n2 0.4 {BOX[6:]}\n")
    root = written(tmp_path, lines)
    section = Data(format="yolo", path=str(root), classes_from=first)
    loaded = load_data(section, role="target", suite_folder=None)
    assert loaded.evaluate.samples[0].classes.tolist() == classes


ACCENT = unicodedata.normalize("NFC", "é")


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("a.jpg", "a.jpg.txt"),
        ("a.jpg", "A.TXT"),
        ("A.JPG", "a.txt"),
        ("a b.png", "a%20b.txt"),
        (f"{ACCENT}.png", f"{unicodedata.normalize('NFD', ACCENT)}.txt"),
    ],
)
def test_label_file_of_a_name_that_nearly_matches(tmp_path: Path, image: str, label: str) -> None:
    write_yolo(tmp_path, {"z.png": BOX})
    write_image(tmp_path / "images" / image)
    (tmp_path / "labels" / label).write_text(BOX)
    source = read_yolo(tmp_path, NAMES)
    assert len(boxes(source, "")) == 2
    ((kind, file, detail),) = [(oddity.kind, oddity.file, oddity.detail) for oddity in source.report.found]
    assert (kind, file, detail) == (NEAR_NAMES, f"images/{image}", nearly_named(1, f"labels/{label}"))


def test_label_file_that_two_images_nearly_match_is_nobodys(tmp_path: Path) -> None:
    for name in ("a.png", "A.png"):
        write_image(tmp_path / "images" / name)
    write_yolo(tmp_path, {"b.png": BOX})
    (tmp_path / "labels" / "a.TXT").write_text(BOX)
    source = read_yolo(tmp_path, NAMES)
    assert len(boxes(source, "")) == 1
    assert [oddity.file for oddity in source.report.found if oddity.kind == "missing-image"] == ["labels/a.TXT"]


def test_each_image_keeps_the_label_file_of_its_whole_name(tmp_path: Path) -> None:
    for name, x in (("a.png", 0.3), ("a.bmp", 0.6)):
        write_image(tmp_path / "images" / name)
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "labels" / f"{name}.txt").write_text(f"0 {x} 0.5 0.2 0.4\n")
    source = read_yolo(tmp_path, NAMES)
    assert boxes(source, "") == [[50, 15, 70, 35], [20, 15, 40, 35]]


@pytest.mark.parametrize(
    ("images", "labels"), [("images", "Labels"), ("Images", "labels"), ("IMAGES/train", "LABELS/train")]
)
def test_folders_in_another_case(tmp_path: Path, images: str, labels: str) -> None:
    write_yolo(tmp_path, {"a.png": BOX}, images, labels)
    source = read_yolo(tmp_path, NAMES)
    assert boxes(source, source.split_names[0]) == [[40, 15, 60, 35]]
    assert source.report.found == []


def test_images_that_are_not_read_are_told_of_once_and_files_of_a_system_never(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX})
    for name in ("b.heic", "c.HEIC"):
        (tmp_path / "images" / name).write_bytes(b"x")
        (tmp_path / "labels" / f"{name[0]}.txt").write_text(BOX)
    for litter in ("images/._a.png", "labels/._a.txt", "labels/.DS_Store"):
        (tmp_path / litter).write_bytes(b"\0")
    (tmp_path / "images" / "@eaDir").mkdir()
    write_image(tmp_path / "images" / "@eaDir" / "t.png")
    source = read_yolo(tmp_path, NAMES)
    assert len(source.samples("")) == 1
    assert [(oddity.kind, oddity.file) for oddity in source.report.found] == [("unread-format", "images/b.heic")]
    (tmp_path / "images" / "a.png").unlink()
    with pytest.raises(DataError, match=r"no images found.*2 images here are of a format that is not read"):
        read_yolo(tmp_path, NAMES)


@pytest.mark.parametrize(("images", "labels"), [("{}/images", "{}/labels"), ("images/{}", "labels/{}"), ("{}", "{}")])
def test_parts_in_another_case(tmp_path: Path, images: str, labels: str) -> None:
    for part in ("Train", "VAL", "More"):
        write_yolo(tmp_path, {f"{part}.png": BOX}, images.format(part), labels.format(part))
    more = [] if images == "{}" else ["More"]
    assert sorted(read_yolo(tmp_path, NAMES).split_names) == [*more, "train", "val"]
    assert sorted(read_yolo(tmp_path, NAMES, wanted=("Train",)).split_names) == [*more, "Train", "val"]
