"""Layouts of Darknet, CVAT, labelImg and Roboflow's Darknet export: read, and nothing else taken for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.breaking import Break, each, nothing
from support.layouts import write_image
from support.owned import add, all_of

from forgetbench.data.formats.yolo.darknet import (
    cvat_folders,
    data_file,
    data_file_splits,
    has_labels_beside,
    named_classes,
)
from forgetbench.data.formats.yolo.reader import read_yolo
from forgetbench.data.load import load_data, read_target
from forgetbench.data.recognise import recognise
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data

LINES = ("0 0.5 0.5 0.2 0.4\n", "1 0.4 0.5 0.2 0.4\n1 0.6 0.5 0.2 0.4\n")


def beside(root: Path, *stems: str) -> None:
    """Write images with label files beside them."""
    for index, stem in enumerate(stems):
        write_image(root / f"{stem}.png", width=ord(stem[0]))
        (root / f"{stem}.txt").write_text(LINES[index % 2])


def cvat(root: Path, **parts: str) -> None:
    root.mkdir(parents=True)
    (root / "obj.names").write_text("fig\npear\n")
    entries = ["classes = 2", "names = data/obj.names", "backup = backup/"]
    for part, stems in parts.items():
        beside(root / f"obj_{part}_data", *stems.split())
        listed = "".join(f"data/obj_{part}_data/{stem}.png\n" for stem in stems.split())
        (root / f"{part}.txt").write_text(listed)
        entries.append(f"{part.lower()} = data/{part}.txt")
    (root / "obj.data").write_text("\n".join(entries) + "\n")


def darknet(root: Path) -> None:
    beside(root / "pictures", "a", "b", "c")
    (root / "fruit.names").write_text("fig\npear\n")
    (root / "training.lst").write_text(f"{root}/pictures/a.png\n{root}/pictures/b.png\n")
    (root / "held.lst").write_text("pictures/c.png\n")
    (root / "fruit.data").write_text("classes=2\ntrain=training.lst\nvalid  = held.lst\nnames = fruit.names\n# x = y\n")


def roboflow(root: Path) -> None:
    for part, stems in (("train", ("a", "b")), ("valid", ("c",))):
        beside(root / part, *stems)
        (root / part / "_darknet.labels").write_text("fig\npear\n")


def label_img(root: Path) -> None:
    beside(root, "train", "test", "c")
    (root / "classes.txt").write_text("fig\npear\n")
    (root / "predefined.xml").write_text("<x/>")


def names_above(root: Path) -> None:
    beside(root / "data", "a", "b", "c")
    (root / "obj.names").write_text("fig\npear\n")
    (root / "images.txt").write_text("data/a.png\ndata/b.png\ndata/c.png\n")


def names_in_labels_of_parts(root: Path) -> None:
    for part, stems in (("train", ("a", "b")), ("val", ("c",))):
        beside(root / part, *stems)
        for kind, suffix in (("images", ".png"), ("labels", ".txt")):
            (root / kind / part).mkdir(parents=True)
            for stem in stems:
                (root / part / f"{stem}{suffix}").rename(root / kind / part / f"{stem}{suffix}")
        (root / part).rmdir()
        (root / "labels" / part / "classes.txt").write_text("fig\npear\n")


def written_by_windows(root: Path) -> None:
    darknet(root)
    for path in (*root.rglob("*.txt"), *root.glob("*.lst"), *root.glob("*.names"), *root.glob("*.data")):
        path.write_bytes(path.read_text().replace("\n", "\r\n").encode("utf-16"))


LAYOUTS: dict[str, tuple[Break, int, bool]] = {
    "CVAT, one part": (lambda root: cvat(root, train="a b c"), 3, True),
    "CVAT, parts": (lambda root: cvat(root, Train="a b", Validation="c"), 3, False),
    "CVAT, without its lists": (
        all_of(lambda root: cvat(root, train="a b", valid="c"), each("*.txt", Path.unlink)), 3, False,
    ),
    "Darknet": (darknet, 3, False),
    "Roboflow's Darknet": (roboflow, 3, False),
    "labelImg": (label_img, 3, True),
    "classes.txt among the labels of each part": (names_in_labels_of_parts, 3, False),
    "UTF-16": (written_by_windows, 3, False),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_are_recognised_and_read(tmp_path: Path, name: str) -> None:
    write, images, split = LAYOUTS[name]
    write(tmp_path / "data")
    found = recognise(tmp_path / "data")
    assert (found.spec.format, found.source.classes) == ("yolo", ("fig", "pear"))
    assert (found.spec.split is not None) == split
    data = read_target(found.spec, found.source)
    assert data.train is not None
    samples = [*data.train.samples, *data.evaluate.samples]
    assert len(samples) == images
    assert sum(len(sample.boxes) for sample in samples) == 4
    assert {oddity.kind for oddity in data.report.found} <= {"wrong-paths"}
    plain = found.spec.model_copy(update={"names": None})
    again = load_data(Data.model_validate(plain.model_dump(exclude_unset=True)), role="target", suite_folder=None)
    assert again.evaluate.fingerprint() == data.evaluate.fingerprint()


def test_names_in_a_folder_that_wraps_the_data(tmp_path: Path) -> None:
    names_above(tmp_path / "set")
    found = recognise(tmp_path)
    assert (found.spec.path, found.spec.names) == (str(tmp_path / "set" / "data"), ["fig", "pear"])
    assert sum(len(sample.boxes) for sample in found.source.samples("")) == 4
    (tmp_path / "set" / "obj.names").rename(tmp_path / "obj.names")
    assert recognise(tmp_path).spec.names == ["fig", "pear"]
    with pytest.raises(DataError, match="class names are unknown"):
        recognise(tmp_path / "set")


def captions(root: Path) -> None:
    for name, text in (("a", "a dog on 2 legs"), ("b", "2 dogs and 1 cat at 7"), ("c", "")):
        write_image(root / f"{name}.png")
        (root / f"{name}.txt").write_text(text)


def labelme(root: Path) -> None:
    for name in ("a", "b"):
        write_image(root / f"{name}.png")
        (root / f"{name}.json").write_text(json.dumps({"shapes": [], "imagePath": f"{name}.png"}))


def xml_beside(root: Path) -> None:
    for name in ("a", "b"):
        write_image(root / f"{name}.png")
        (root / f"{name}.xml").write_text("<annotation/>")


@pytest.mark.parametrize("write", [captions, labelme, xml_beside])
@pytest.mark.parametrize("folder", ["", "train"])
def test_images_beside_other_files_are_not_taken_for_it(
    tmp_path: Path, write: Callable[[Path], None], folder: str
) -> None:
    write(tmp_path / "data" / folder)
    assert not has_labels_beside(tmp_path / "data" / folder)
    try:
        assert recognise(tmp_path / "data").spec.format != "yolo"
    except DataError as error:
        assert "yolo (" not in str(error)


def test_label_of_an_image_called_like_a_part_is_no_list(tmp_path: Path) -> None:
    label_img(tmp_path)
    assert read_yolo(tmp_path).split_names == ("",)
    (tmp_path / "val.txt").write_text("c\n")
    assert read_yolo(tmp_path).split_names == ("val",)


def test_entries_of_a_data_file(tmp_path: Path) -> None:
    assert data_file(tmp_path) is None
    (tmp_path / "other.data").write_bytes(b"\xff\x00")
    assert data_file(tmp_path) is None
    (tmp_path / "OBJ.DATA").write_text("Train = a.txt\nvalid=b.txt\ntest =\nnames\n")
    (tmp_path / "._obj.data").write_text("train = x\n")
    found = data_file(tmp_path)
    assert found == tmp_path / "OBJ.DATA"
    assert data_file_splits(found) == {"train": "a.txt", "val": "b.txt"}
    (tmp_path / "obj_Train_data").mkdir()
    (tmp_path / "obj_train_data.zip").write_bytes(b"")
    assert cvat_folders(tmp_path) == {"train": tmp_path / "obj_Train_data"}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (nothing, None),
        (add("classes.txt", "\ufeff yes \n\n010\n"), ("yes", "010")),
        (add("Classes.TXT", "a\n"), ("a",)),
        (add("obj.names", "a\nb\n"), ("a", "b")),
        (all_of(add("obj.data", "names = data/mine.txt\n"), add("mine.txt", "x\n"), add("z.names", "y\n")), ("x",)),
        (add("train/_darknet.labels", "a\n"), ("a",)),
        (all_of(add("train/_darknet.labels", "a\n"), add("val/_darknet.labels", "a\n")), ("a",)),
    ],
)
def test_names_that_tools_leave(tmp_path: Path, change: Break, names: tuple[str, ...] | None) -> None:
    for part in ("train", "val"):
        (tmp_path / part).mkdir()
    change(tmp_path)
    assert named_classes(tmp_path, ("train", "val")) == names


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (all_of(add("train/_darknet.labels", "a\n"), add("val/_darknet.labels", "b\n")), "name different classes"),
        (add("obj.names", "x\n" * 100_001), "more than 100,000 lines"),
        (lambda root: (root / "obj.names").write_bytes(b"\xff\xff"), "expected UTF-8 text, one class name a line"),
    ],
)
def test_names_that_are_refused(tmp_path: Path, change: Break, problem: str) -> None:
    for part in ("train", "val"):
        (tmp_path / part).mkdir()
    change(tmp_path)
    with pytest.raises(DataError, match=problem):
        named_classes(tmp_path, ("train", "val"))
