"""What parts are called in names of files and folders."""

from pathlib import Path

import pytest

from forgetbench.data.formats.coco.splits import SplitFolders, is_same_split, split_of, split_word


@pytest.mark.parametrize(
    ("name", "word"),
    [("labels_val.json", "val"), ("Train2017", "Train2017"), ("my-trainval", "trainval"), ("training", "training"),
     ("trainer", None), ("train_val", None), ("cat", None), ("val17", None)],
)  # fmt: skip
def test_a_name_tells_a_part_by_one_word(name: str, word: str | None) -> None:
    assert split_word(name) == word


def test_case_form_and_a_missing_year_do_not_count() -> None:
    assert is_same_split("Training", "train2017")
    assert is_same_split("valid", "VALIDATION")
    assert is_same_split("Fold1", "fold1")
    assert not is_same_split("train2014", "train2017")
    assert not is_same_split("train", "val")
    assert not is_same_split("fold1", "fold2")


def test_the_nearest_name_that_tells_a_part_does() -> None:
    root = Path("/data/train")
    assert split_of(root, root / "val" / "instances.json") == "val"
    assert split_of(root, root / "val" / "test.json") == "test"
    assert split_of(root, root / "instances.json") is None  # what wraps the dataset says nothing


def test_a_parts_own_folders_come_before_those_of_all(tmp_path: Path) -> None:
    for name in ("images/train2017", "images/val2017", "annotations"):
        (tmp_path / name).mkdir(parents=True)
    file = tmp_path / "annotations" / "instances_val.json"
    found = SplitFolders(tmp_path, file, "val", ["train"], None)
    assert found.own == [tmp_path / "images" / "val2017"]
    assert found.folders[:3] == [tmp_path / "images" / "val2017", tmp_path / "images", tmp_path / "annotations"]
    assert [found.is_foreign(name) for name in ("train2017", "TRAIN", "val2017", "more")] == [True, True, False, False]
    named = SplitFolders(tmp_path, file, "val", ["train"], tmp_path / "images")
    assert named.folders == [tmp_path / "images", tmp_path / "images" / "val2017"]
