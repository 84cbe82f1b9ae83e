"""`forgetbench new`: what users see, and one line for whatever is wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.breaking import each, nothing
from support.layouts import tree
from support.owned import COCO, NAMED, OWNED, VOC, YOLO, Owned, all_of

from forgetbench.cli import main as cli
from forgetbench.data.cards.card import load_card


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder where there is nothing, nor anywhere else."""
    for variable in ("FORGETBENCH_ASSETS", "FORGETBENCH_DATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def call(*arguments: object, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(cli.main, ["new", *(str(argument) for argument in arguments)])


def test_says_what_was_found_and_what_to_do_next(here: Path) -> None:
    done = call("mine", "--data", OWNED["yolo, roboflow"].write(here / "fruit"))
    assert (done.exit_code, done.stderr) == (0, "")
    boxes = r"(\d+) boxes"
    assert re.fullmatch(
        rf"yolo data in {here}/fruit\n"
        rf"train: 6 images to train on, {boxes}\nval: 4 images to evaluate on, {boxes}\n"
        r"3 classes: fig, pear, plum\n"
        r"mine: 2 x wrong-paths\n"
        r"    data.yaml: train: '../train/images' does not exist; 'train/images' used instead\n"
        r"    data.yaml: val: '../valid/images' does not exist; 'valid/images' used instead\n"
        r"\nwrote      mine.yaml\n           mine.card.yaml\nreference  coco-val500\n"
        r"next       forgetbench check mine.yaml\n",
        done.output,
    )
    assert sorted(path.name for path in here.iterdir()) == ["fruit", "mine.card.yaml", "mine.yaml"]


def test_a_split_is_spoken_of(here: Path) -> None:
    done = call("mine", "--data", OWNED["voc, no lists"].write(here / "fruit"))
    assert "a seeded split makes them.\ntrain: 8 images to train on" in done.output
    assert "evaluate: 2 images to evaluate on" in done.output


def test_names_format_model_and_reference_can_be_said(here: Path) -> None:
    given = Owned(NAMED, {}).write(here / "fruit")
    (here / "fruit" / "JPEGImages").mkdir()
    (here / "fruit" / "Annotations").mkdir()
    (here / "fruit" / "Annotations" / "a.xml").write_text("<annotation/>")
    assert "Say which with --format." in call("mine", "--data", given).stderr
    options = ("--format", "yolo", "--names", "Fig, wild pear ,plum", "--model", "yolov8s.pt", "--reference")
    done = call("mine", "--data", given, *options, "coco-val2017", "-o", "new folder")
    assert done.exit_code == 0, done.output
    assert "reference  coco-val2017\nnext       forgetbench check 'new folder/mine.yaml'\n" in done.output
    assert load_card(here / "new folder" / "mine.card.yaml").card.class_names == ("Fig", "wild pear", "plum")
    assert "model: yolov8s.pt  " in (here / "new folder" / "mine.yaml").read_text()


def test_first_class_can_be_said(here: Path) -> None:
    given = Owned(YOLO, {}).write(here / "fruit")
    for label in given.glob("labels/*/*.txt"):
        label.write_text("1 .5 .5 .2 .2\n3 .4 .5 .2 .2\n")
    assert "--classes-from 1 for 'forgetbench new'" in call("mine", "--data", given).stderr
    done = call("mine", "--data", given, "--classes-from", "1")
    assert done.exit_code == 0, done.output
    assert load_card(here / "mine.card.yaml").card.data.classes_from == 1
    assert "class-beyond-names" not in done.output
    assert "3 classes: fig, pear, plum" in done.output


def test_fits_80_columns_whatever_the_data(here: Path) -> None:
    names = [f"a kind of fruit {index}" for index in range(100)]
    names[1] = "[red]\x1b[2J"
    lists = all_of(
        lambda root: (root / "data.yaml").write_text(f"train: images/train\nval: images/val\nnames: {names!r}"),
        each("labels/train/*1.txt", lambda path: path.write_text("999 .5 .5 .1 .1\nword\n")),
    )
    given = Owned(YOLO, {}, change=lists).write(here / "fruit")
    done = call("mine", "--data", given, COLUMNS="80", FORCE_COLOR="1")
    assert done.exit_code == 0, done.output
    lines = re.sub(r"\x1b\[[0-9;]*m", "", done.output).splitlines()
    assert [line for line in lines[1:] if len(line) > 80] == []
    assert "100 classes: a kind of fruit 0, [red]\\x1b[2J, a kind of fruit 2" in done.output.replace("\n", " ")
    assert "a kind of fruit 19, …" in " ".join(lines)
    assert "a kind of fruit 20" not in done.output
    assert "x unreadable-label" in done.output


def test_verbose_lists_every_oddity(here: Path) -> None:
    given = Owned(YOLO, {}, change=each("labels/*/*", lambda path: path.write_text("9 .5 .5 .1 .1\n0 .5 .5 .1 .1\n")))
    path = given.write(here / "fruit")
    assert "mine: 10 x class-beyond-names\n" in (shown := call("mine", "--data", path)).output
    assert "… and 7 more; -v lists them" in shown.output
    assert call("again", "--data", path, "-v").output.count("class 9 is not among 3 names") == 10


def into_a_file(here: Path) -> None:
    (here / "file").write_text("")


def locked(here: Path) -> None:
    (here / "locked").mkdir(mode=0o555)
    if os.access(here / "locked", os.W_OK):
        pytest.skip("this user may write everywhere")


def without_object(path: Path) -> None:
    path.write_text("<annotation/>")


PLAIN = "expected 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
#: What is wrong: what is given, what the line begins with and says, and what is done before.
REFUSED: dict[str, tuple[list[str], str, str, Callable[[Path], object]]] = {
    "name that is a path": (["../x"], "'../x'", PLAIN, nothing),
    "absolute name": (["/tmp/x"], "'/tmp/x'", PLAIN, nothing),
    "name of two words": (["a b"], "'a b'", PLAIN, nothing),
    "empty name": ([""], "''", PLAIN, nothing),
    "name that begins with a dot": ([".x"], "'.x'", PLAIN, nothing),
    "name with a line": (["a\n"], r"'a\n'", PLAIN, nothing),
    "long name": (["a" * 65], f"'{'a' * 65}'", PLAIN, nothing),
    "name of a card": (["a.card"], "'a.card'", "expected another ending than '.card'", nothing),
    "name of the reference": (
        ["coco-val500"], "coco-val500", "the reference has this name too. Choose another name", nothing,
    ),
    "no data": (["a", "--data", "absent"], "{here}/absent", "no such folder", nothing),
    "data that are a file": (["a", "--data", "file"], "{here}/file", "found a file", into_a_file),
    "no layout": (
        ["a", "--data", "fruit/ImageSets"], "{here}/fruit/ImageSets", "no known layout of data; expected voc", nothing,
    ),
    "other format": (["a", "--format", "coco"], "{here}/fruit", "expected coco: ", nothing),
    "first class of another format": (
        ["a", "--classes-from", "1"], "{here}/fruit", "voc data count no classes. Leave out --classes-from", nothing,
    ),
    "empty name of a class": (["a", "--names", "b,,c"], "{here}/fruit", "a class has no name", nothing),
    "no name of a class": (["a", "--names", ","], "{here}/fruit", "a class has no name", nothing),
    "no such weights": (["a", "--model", "b.pt"], "b.pt", "weights not found. Put b.pt beside", nothing),
    "no weights": (["a", "--model", ""], "", "weights not found", nothing),
    "weights that are none": (["a", "--model", "file"], "{here}/file", "", into_a_file),
    "architecture": (
        ["a", "--model", "yolov8n.yaml"], "yolov8n.yaml", "an architecture has no weights to forget", nothing,
    ),
    "no such reference": (["a", "--reference", "coc"], "coc", "no such card; expected one of", nothing),
    "reference that is a path": (["a", "--reference", "../x"], "../x", "no such card", nothing),
    "output that is a file": (
        ["a", "-o", "file"], "{here}/file", "nothing can be written here; expected a folder, found a file. Choose",
        into_a_file,
    ),
    "output inside a file": (["a", "-o", "file/b/c"], "", "file", into_a_file),
    "locked output": (["a", "-o", "locked/b"], "{here}/locked", "one that this user may not write to", locked),
    "no label": (
        ["a"], "{here}/fruit", "no usable label in part 'val'; expected at least one, found 4 images listed, 4 usable",
        each("fruit/Annotations/0000[01][7890].xml", without_object),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_input_is_one_line_and_nothing_written(here: Path, name: str) -> None:
    given, begins, said, before = REFUSED[name]
    Owned(VOC, {}).write(here / "fruit")
    before(here)
    standing = tree(here.parent)
    data = () if "--data" in given else ("--data", "fruit")
    done = call(*data, *given[1:], "--", given[0])
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {begins.format(here=here)}")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert tree(here.parent) == standing


def test_every_error_of_the_data_is_one_line_too(here: Path) -> None:
    given = Owned(COCO, {}).write(here / "fruit")
    (given / "annotations" / "instances_val.json").write_text("{")
    done = call("mine", "--data", given)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {given}/annotations/instances_val.json: cannot be read as JSON; expected")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in here.iterdir()) == ["fruit"]


def test_data_have_to_be_named(here: Path) -> None:
    done = call("mine")
    assert done.exit_code == 2
    assert "Missing option '--data'" in done.stderr
