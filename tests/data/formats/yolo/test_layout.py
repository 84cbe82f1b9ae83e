"""How YOLO's layout is recognised and described."""

from pathlib import Path

import pytest
from support.layouts import write_image, write_yolo

from forgetbench.data.formats.yolo.layout import READER, describe, is_yolo
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data

BOX = "0 0.5 0.5 0.2 0.4\n"


def test_signs_of_the_layout(tmp_path: Path) -> None:
    assert not is_yolo(tmp_path)
    write_image(tmp_path / "plain" / "images" / "a.png")
    assert not is_yolo(tmp_path / "plain")
    assert is_yolo(write_yolo(tmp_path / "parallel", {"a.png": BOX}))
    assert is_yolo(write_yolo(tmp_path / "parts", {"a.png": BOX}, "train/images", "train/labels"))
    assert not is_yolo(write_yolo(tmp_path / "wrapped", {"a.png": BOX}, "mine/images", "mine/labels"))
    described = tmp_path / "described"
    described.mkdir()
    (described / "data.yaml").write_text("names: [x]\n")
    assert not is_yolo(described)
    (described / "data.yaml").write_text("train: a\nnames: [x]\n")
    assert is_yolo(described)
    assert is_yolo(described / "data.yaml")


def test_names_are_said_where_the_data_do_not(tmp_path: Path) -> None:
    root = write_yolo(tmp_path / "data", {"a.png": BOX})
    with pytest.raises(DataError, match="Give them with --names"):
        describe(root, root, None)
    assert describe(root, root, ["cat"]) == {"path": str(root), "names": ["cat"]}
    (tmp_path / "classes.txt").write_text("dog\n")
    assert describe(root, tmp_path, None) == {"path": str(root), "names": ["dog"]}
    (root / "data.yaml").write_text("names: [cow]\n")
    assert describe(root, tmp_path, None) == {"path": str(root), "names": None}
    (root / "data.yaml").rename(root / "farm.yaml")
    assert describe(root, root, None) == {"path": str(root / "farm.yaml"), "names": None}


def test_what_is_described_is_opened(tmp_path: Path) -> None:
    root = write_yolo(tmp_path / "data", {"a.png": BOX})
    source = READER.open(root, Data(format="yolo", path=str(root)), ("cat",), None)
    assert (source.classes, source.split_names) == (("cat",), ("",))
