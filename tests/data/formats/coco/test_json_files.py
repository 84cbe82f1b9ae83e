"""Which JSON files are a dataset's, and of which part."""

import json
from pathlib import Path

import pytest

from forgetbench.data.formats.coco.json_files import annotation_files, other_files, usual_files
from forgetbench.errors import DataError

INSTANCES = json.dumps({"images": [], "annotations": [], "categories": []})


def write(root: Path, *names: str, text: str = INSTANCES) -> list[Path]:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return [root / name for name in names]


def test_the_usual_names_are_enough(tmp_path: Path) -> None:
    train, val = write(tmp_path, "annotations/instances_train.json", "annotations/instances_val.json", text="")
    write(tmp_path, "annotations/more.json")
    assert annotation_files(tmp_path) == usual_files(tmp_path) == {"train": train, "val": val}
    (roboflow,) = write(tmp_path / "other", "valid/_annotations.coco.json", text="")
    assert usual_files(tmp_path / "other") == {"valid": roboflow}


def test_other_names_are_told_by_content_and_words(tmp_path: Path) -> None:
    one, two = write(tmp_path, "labels_train.json", "val/all.json")
    write(tmp_path, "settings.json", text='{"a": 1}')
    assert other_files(tmp_path) == [one, two]
    assert annotation_files(tmp_path) == {"train": one, "val": two}
    (only,) = write(tmp_path / "single", "whatever.json")
    assert annotation_files(tmp_path / "single") == {"": only}
    assert annotation_files(tmp_path / "single", wanted=["whatever"]) == {"whatever": only}


def test_other_tasks_count_only_where_nothing_else_is(tmp_path: Path) -> None:
    keypoints, boxes = write(tmp_path, "person_keypoints_val.json", "boxes_val.json")
    assert other_files(tmp_path) == [boxes]
    boxes.unlink()
    assert other_files(tmp_path) == [keypoints]


def test_a_named_file_is_the_only_one_and_has_to_be_there(tmp_path: Path) -> None:
    write(tmp_path, "annotations/instances_train.json")
    (mine,) = write(tmp_path, "mine.json")
    assert annotation_files(tmp_path, "mine.json") == {"": mine}
    with pytest.raises(DataError, match=r"no annotations file.*found nothing"):
        annotation_files(tmp_path, "absent.json")
    write(tmp_path / "several", "one.json", "two.json")
    with pytest.raises(DataError, match=r"several JSON files, none of a known name.*found one\.json, two\.json"):
        annotation_files(tmp_path / "several")
