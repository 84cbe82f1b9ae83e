"""Where the parts of a YOLO dataset are."""

from pathlib import Path

import pytest
from support.layouts import write_image

from forgetbench.data.dataset import OddityReport
from forgetbench.data.formats.yolo.places import find_places, folder_called
from forgetbench.errors import DataError


def places(root: Path, *wanted: str, **description: object) -> dict[str, list[str]]:
    described = root / "data.yaml" if description else None
    found = find_places(root, described, description, wanted, OddityReport())
    return {split: [place.relative_to(root).as_posix() for place in of] for split, of in found.items()}


def write(root: Path, *names: str) -> Path:
    for name in names:
        write_image(root / name)
    return root


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (["images/a.png"], {"": ["images"]}),
        (["images/Train/a.png", "images/val/b.png"], {"train": ["images/Train"], "val": ["images/val"]}),
        (["train/images/a.png", "valid/images/b.png"], {"train": ["train/images"], "valid": ["valid/images"]}),
        (["obj_train_data/a.png"], {"train": ["obj_train_data"]}),
        (["test/a.png", "more/b.png"], {"test": ["test"]}),
        (["a.png"], {"": ["."]}),
    ],
)
def test_folders_show_the_parts(tmp_path: Path, images: list[str], found: dict[str, list[str]]) -> None:
    assert places(write(tmp_path, *images)) == found


def test_lists_go_before_folders_and_a_description_before_both(tmp_path: Path) -> None:
    write(tmp_path, "images/train/a.png", "images/mine/b.png")
    (tmp_path / "train.txt").write_text("images/train/a.png\n")
    (tmp_path / "val.txt").write_text("0 0.5 0.5 0.1 0.1\n")  # labels of an image called so
    assert places(tmp_path) == {"train": ["train.txt"]}
    assert places(tmp_path, "mine", mine="images/mine") == {"mine": ["images/mine"]}


def test_without_images_those_of_other_formats_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.heic").write_bytes(b"x")
    with pytest.raises(DataError, match=r"no images found.*1 image here is of a format that is not read"):
        places(tmp_path)


def test_a_folder_in_another_case_will_do_and_its_very_name_is_better(tmp_path: Path) -> None:
    (tmp_path / "Images").mkdir()
    assert folder_called("images", tmp_path) == tmp_path / "Images"
    (tmp_path / "images").mkdir()
    assert folder_called("images", tmp_path) == tmp_path / "images"
    assert folder_called("labels", tmp_path) is None
