"""The data.yaml: what its keys may be, and places that lie elsewhere than it says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.layouts import write_yolo

from forgetbench.data.formats.yolo.data_yaml import find_yaml, load_yaml, yaml_names
from forgetbench.data.formats.yolo.reader import read_yolo
from forgetbench.data.load import load_data
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data

BOX = "0 0.5 0.5 0.2 0.4\n"


def names_of(tmp_path: Path, text: str) -> tuple[str, ...] | None:
    path = tmp_path / "data.yaml"
    path.write_text(text)
    return yaml_names(path, load_yaml(path))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [yes, no]", ("yes", "no")),
        ("names: [001, 010, 1.0]", ("001", "010", "1.0")),
        ("names: ['~', null, 2024-01-01, 1:30]", ("~", "null", "2024-01-01", "1:30")),
        ("names: {1: b, 0: a}", ("a", "b")),
        ("names: {'1': b, '0': a}", ("a", "b")),
        ("names: {10: k, 9: j, 8: i, 7: h, 6: g, 5: f, 4: e, 3: d, 2: c, 1: b, 0: a}", tuple("abcdefghijk")),
        ("nc: '2'\nnames: [a, b]", ("a", "b")),
        ("nc: 2.0", ("class 0", "class 1")),
        ("nc:\nnames: [a]", ("a",)),
        ("nc: null\nnames: ~", None),
        ("names: []\nnc: 1", ("class 0",)),
        ("n: &n [a, b]\nnames: *n", ("a", "b")),
    ],
)
def test_class_names(tmp_path: Path, text: str, names: tuple[str, ...] | None) -> None:
    assert names_of(tmp_path, text) == names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("names: {0: a, 0: b}", "key '0' is given twice"),
        ("names: {0: a, '0.0': b}", "a class number is there twice"),
        ("names: {a: 0}", "a class has no whole number"),
        ("names: {1: a, 2: b}", "class numbers have gaps"),
        ("names: [a, [b]]", "a class has no name"),
        ("names: [a, '']", "a class has no name"),
        ("names: a", "names cannot be read"),
        ("nc: 3000000000", "nc cannot be read; expected a whole number from 1 to 100,000"),
        ("nc: 0\nnames: [a]", "nc cannot be read"),
        ("nc: -1", "nc cannot be read"),
        ("nc: 1e400", "nc cannot be read"),
        ("nc: [2]", "nc cannot be read"),
        ("nc: 3\nnames: [a]", "nc does not fit names"),
    ],
)
def test_class_names_that_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        names_of(tmp_path, text)


def test_file_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_bytes(b"#" * (9 << 20))
    with pytest.raises(DataError, match="larger than 8 MiB"):
        load_yaml(tmp_path / "data.yaml")


@pytest.mark.parametrize("text", ["train: {a: b}\n", "train: [[a]]\n", "path: {a: b}\ntrain: images\n"])
def test_paths_that_are_no_text(tmp_path: Path, text: str) -> None:
    write_yolo(tmp_path, {"a.png": BOX})
    (tmp_path / "data.yaml").write_text(f"{text}names: [x]\n")
    with pytest.raises(DataError, match="cannot be read; expected a path"):
        read_yolo(tmp_path)


def dataset(root: Path, prefix: str) -> Path:
    for part in ("train", "valid"):
        write_yolo(root, {f"{prefix}-{part}.png": BOX}, f"{part}/images", f"{part}/labels")
    return root


@pytest.mark.parametrize(
    "given", ["../{}/images", "..\\{}\\images", "{here}/other/{}/images", "../{}/Images", "../../up/{}/images"]
)
def test_another_dataset_outside_is_not_taken_for_what_lies_inside(tmp_path: Path, given: str) -> None:
    dataset(tmp_path / "up", "other")
    dataset(tmp_path / "up" / "other", "far")
    root = dataset(tmp_path / "up" / "ds", "own")
    places = [given.format(part, here=tmp_path / "up") for part in ("train", "valid")]
    (root / "data.yaml").write_text(f"train: '{places[0]}'\nval: '{places[1]}'\nnames: [x]\n")
    source = read_yolo(root)
    images = [listed.name for part in ("train", "val") for listed in source.images(part)]
    assert images == ["train/images/own-train.png", "valid/images/own-valid.png"]
    assert [(oddity.kind, oddity.file) for oddity in source.report.found] == [("wrong-paths", "data.yaml")] * 2
    assert all("used instead" in oddity.detail for oddity in source.report.found)


@pytest.mark.parametrize(
    "text",
    [
        "path: {store}\ntrain: train/images\nval: valid/images\n",
        "train: ../store/train/images\nval: ../store/valid/images\n",
    ],
)
def test_what_only_lies_outside_is_taken_and_told_of_once(tmp_path: Path, text: str) -> None:
    store = dataset(tmp_path / "store", "far")
    (tmp_path / "ds").mkdir()
    (tmp_path / "ds" / "data.yaml").write_text(f"{text.format(store=store)}names: [x]\n")
    source = read_yolo(tmp_path / "ds")
    assert len(source.samples("train")) == len(source.samples("val")) == 1
    ((kind, detail),) = [(oddity.kind, oddity.detail) for oddity in source.report.found]
    assert kind == "wrong-paths"
    assert detail.endswith("leads out of the dataset: taken, since nothing inside it fits (and 1 more)")


def test_folder_that_holds_the_dataset_is_no_part_of_it(tmp_path: Path) -> None:
    root = dataset(tmp_path / "ds", "own")
    (root / "data.yaml").write_text("train: train/images\nval: ../..\ntest: /\nnames: [x]\n")
    assert read_yolo(root).split_names == ("train",)


def test_path_of_a_dataset_behind_a_link_leads_nowhere_else(tmp_path: Path) -> None:
    root = dataset(tmp_path / "ds", "own")
    (root / "data.yaml").write_text(f"path: {root}\ntrain: train/images\nval: valid/images\nnames: [x]\n")
    (tmp_path / "link").symlink_to(root)
    source = read_yolo(tmp_path / "link")
    assert len(source.samples("train")) == 1
    assert source.report.found == []


def mutated(rng: random.Random, text: bytes) -> bytes:
    """Return a text with some of its bytes replaced, removed, repeated or swapped for what means something."""
    pieces = b"*a|&a |!!x |[|]|{|}|: |\n|- |<<|1e999|nan|-|\0|\xff|999999999999999999999".split(b"|")
    for _ in range(rng.randint(1, 4)):
        at, size = rng.randrange(len(text) + 1), rng.choice([0, 1, 2, 8, 40])
        text = text[:at] + rng.choice([b"", rng.choice(pieces), text[at : at + size] * 2]) + text[at + size :]
    return text


@pytest.mark.parametrize("file", ["data.yaml", "labels/train/a.txt", "train.txt"])
def test_mutated_files_are_read_or_refused(tmp_path: Path, file: str) -> None:
    rng = random.Random(file)
    for part in ("train", "val"):
        write_yolo(tmp_path, {"a.png": BOX, "b.png": BOX}, f"images/{part}", f"labels/{part}")
    (tmp_path / "train.txt").write_text("./images/train/a.png\nimages/train/b.png\n")
    (tmp_path / "data.yaml").write_text(
        "path: .\ntrain: train.txt\nval: images/val\nkpt_shape: [1, 2]\nnc: 2\nnames: {0: x, 1: no}\n"
    )
    (tmp_path / "labels/train/a.txt").write_text(BOX + "1 0.5 0.5 0.2 0.4 0.1 0.1\n1 .1 .1 .2 .2 .1 .3 .4 .5\n")
    sound = (tmp_path / file).read_bytes()
    outcomes = set()
    for _ in range(150):
        (tmp_path / file).write_bytes(mutated(rng, sound))
        try:
            load_data(Data(format="yolo", path=str(tmp_path)), role="target", suite_folder=None)
            outcomes.add("read")
        except DataError as error:
            assert "\n" not in str(error)
            outcomes.add("refused")
    assert outcomes >= {"read"}


def test_of_several_yaml_files_the_one_that_names_classes(tmp_path: Path) -> None:
    (tmp_path / "hyp.yaml").write_text("lr0: 0.01\n")
    (tmp_path / "compose.yml").write_text("- !vault x\n")
    (tmp_path / "fruit.yaml").write_text("train: a\nnames: [fig]\n")
    assert find_yaml(tmp_path) == tmp_path / "fruit.yaml"
    (tmp_path / "more.yaml").write_text("names: [plum]\n")
    assert find_yaml(tmp_path) is None
    (tmp_path / "Data.yaml").write_text("names: [pear]\n")
    assert find_yaml(tmp_path) == tmp_path / "Data.yaml"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_that_the_file_says(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    (tmp_path / "data.yaml").write_bytes((mark + "names: [кот, 猫]\r\n").encode(encoding))
    assert load_yaml(tmp_path / "data.yaml") == {"names": ["кот", "猫"]}
