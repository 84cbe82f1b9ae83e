"""The images that COCO files name: as they are, nearly, outside, unread, or nobody's."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.layouts import write_image

from forgetbench.data.choose import choose
from forgetbench.data.formats.coco.reader import CocoSource, read_coco
from forgetbench.data.formats.coco.splits import is_same_split, split_of, split_word
from forgetbench.data.load import load_data
from forgetbench.data.reading.nearest import nearly_named
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data


def write(root: Path, names: Sequence[str], file: str = "annotations/instances_train.json") -> None:
    """Write a file in which the nth image, from 1, has one box of that width."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": n, "file_name": name} for n, name in enumerate(names, 1)]
    boxes = [{"id": n, "image_id": n, "category_id": 1, "bbox": [0, 0, n, 5]} for n in range(1, len(names) + 1)]
    path.write_text(json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "x"}]}))


def read(source: CocoSource, part: str = "train") -> dict[str, float]:
    """Return the width of each image's box by the image's name."""
    return {source.name_of(sample.image): sample.boxes[0, 2].item() for sample in source.samples(part)}


def odd(source: CocoSource) -> list[tuple[str, str, str]]:
    return [(oddity.kind, oddity.file, oddity.detail) for oddity in source.report.found]


@pytest.mark.parametrize(
    ("given", "file"),
    [
        (r"..\images\a.png", "a.png"),
        (r"C:\Users\me\set\a.png", "a.png"),
        ("my%20photo.png", "my photo.png"),
        (unicodedata.normalize("NFD", "né.png"), unicodedata.normalize("NFC", "né.png")),
        (unicodedata.normalize("NFC", "né.png"), unicodedata.normalize("NFD", "né.png")),
        ("A.PNG", "a.png"),
        ("a.jpg", "a.png"),
        ("a.jpg.png", "a.png"),
        ("a", "a.png"),
        ("a.png", "a.jpg.png"),
        (r"cam0\a.png", "cam0/a.png"),
        ("https://bucket.example/x/a.png?key=1", "a.png"),
        ("/data/local-files/?d=x%2Fa.png", "a.png"),
        ("a.png ", "a.png"),
        ("/home/me/set/Cam0/a.png", "cam0/a.png"),
    ],
)
@pytest.mark.parametrize("folder", ["train", "images/train", "images", "data", "train/images", "JPEGImages", "Images"])
def test_near_names_are_taken_and_told_once(tmp_path: Path, given: str, file: str, folder: str) -> None:
    write(tmp_path, [given, "plain.png"])
    for name in (file, "plain.png"):
        write_image(tmp_path / folder / name)
    source = read_coco(tmp_path)
    assert read(source) == {f"{folder}/{file}": 1, f"{folder}/plain.png": 2}
    assert odd(source) == [("near-names", f"{folder}/{file}", nearly_named(1, given))]


@pytest.mark.parametrize(
    "given", ["a.png", "./a.png", "/home/me/a.png", "x/y/a.png", "../a.png", "../train/a.png", "../images/train/a.png"]
)
def test_folders_of_another_machine(tmp_path: Path, given: str) -> None:
    write(tmp_path, [given])
    write_image(tmp_path / "images" / "train" / "a.png")
    source = read_coco(tmp_path)
    assert (read(source), odd(source)) == ({"images/train/a.png": 1}, [])


def test_one_report_for_the_parts_together(tmp_path: Path) -> None:
    for part in ("train", "val"):
        write(tmp_path, ["B%20C.png", "A.png"], f"annotations/instances_{part}.json")
        for name in ("a.png", "b c.png"):
            write_image(tmp_path / part / name)
    source = read_coco(tmp_path)
    source.read(source.images("train"), source.images("val"))
    assert odd(source) == [("near-names", "train/a.png", nearly_named(4, "A.png"))]


def test_what_fits_several_files_is_missing(tmp_path: Path) -> None:
    write(tmp_path, ["A.png", "cam2/b.png"])
    for name in ("x/a.png", "y/a.png", "cam1/b.png"):
        write_image(tmp_path / "train" / name)
    source = read_coco(tmp_path)
    assert read(source) == {}
    assert [(kind, text) for kind, _, text in odd(source)] == [
        ("missing-image", "no image 'A.png': left out"),
        ("missing-image", "no image 'cam2/b.png': left out"),
    ]


@pytest.mark.parametrize("names", [["cam0/a.png", "cam1/a.png"], ["A.PNG", "A.png"], [r"x\a.png", "a.png"]])
def test_records_that_end_at_one_file_are_left_out(tmp_path: Path, names: list[str]) -> None:
    write(tmp_path, [*names, "b.png"])
    for name in ("a.png", "b.png"):
        write_image(tmp_path / "train" / name)
    source = read_coco(tmp_path)
    assert read(source) == {"train/b.png": 3}
    assert odd(source)[0][:2] == ("duplicate-image", "train/a.png")
    assert len(odd(source)) == 1


@pytest.mark.parametrize("other", ["A.png", "a.jpg", "x/A.PNG"])
def test_file_that_one_record_names_is_not_what_another_nearly_names(tmp_path: Path, other: str) -> None:
    write(tmp_path, ["a.png", other, "b.png"])
    for name in ("a.png", "b.png"):
        write_image(tmp_path / "train" / name)
    source = read_coco(tmp_path)
    assert read(source) == {"train/a.png": 1, "train/b.png": 3}
    assert [(kind, file) for kind, file, _ in odd(source)] == [("missing-image", "train/a.png")]


def test_images_of_another_part_are_never_taken(tmp_path: Path) -> None:
    for part in ("train", "val"):
        write(tmp_path, ["A.png"], f"annotations/instances_{part}.json")
    write_image(tmp_path / "images" / "train" / "a.png")
    source = read_coco(tmp_path)
    assert read(source, "val") == {}
    assert read(source, "train") == {"images/train/a.png": 1}


@pytest.mark.parametrize(
    ("part", "folder"),
    [
        ("train", "train2017"),
        ("train2017", "train"),
        ("val", "valid"),
        ("valid", "images/Val"),
        ("test", "test_images"),
    ],
)
def test_folders_called_nearly_as_the_part(tmp_path: Path, part: str, folder: str) -> None:
    write(tmp_path, ["a.png"], f"annotations/instances_{part}.json")
    write_image(tmp_path / folder / "a.png")
    source = read_coco(tmp_path)
    assert (read(source, part), odd(source)) == ({f"{folder}/a.png": 1}, [])


@pytest.mark.parametrize("suffix", [".heic", ".HEIC", ".dng", ".svg"])
@pytest.mark.parametrize("given", ["a{}", "a.jpg"])
def test_images_that_are_not_read_are_named_as_such(tmp_path: Path, suffix: str, given: str) -> None:
    write(tmp_path, [given.format(suffix), "b.png"])
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / f"a{suffix}").write_bytes(b"x")
    write_image(tmp_path / "train" / "b.png")
    source = read_coco(tmp_path)
    assert read(source) == {"train/b.png": 2}
    detail = "1 image listed is of a format that is not read: convert to JPEG or PNG"
    assert odd(source) == [("unread-format", f"train/a{suffix}", detail)]


@pytest.mark.parametrize("given", ["../../other/a.png", r"..\..\other\a.png", "{}/other/a.png"])
def test_outside_is_looked_at_last_and_told(tmp_path: Path, given: str) -> None:
    root = tmp_path / "deep" / "set"
    write(root, [given.format(tmp_path), "b.png"])
    write_image(tmp_path / "other" / "a.png")
    write_image(root / "train" / "b.png")
    if ".." in given:  # beside the JSON is not where this path begins: the dataset's folder is
        write_image(tmp_path / "deep" / "a.png")
    source = read_coco(root)
    assert sorted(read(source).values()) == [1, 2]
    assert [kind for kind, _, _ in odd(source)] == ["wrong-paths"]
    assert odd(source)[0][2].endswith(f"nothing in it fits, the first {tmp_path / 'other' / 'a.png'}")
    write_image(root / "images" / "A.PNG")
    assert sorted(read(inside := read_coco(root))) == ["images/A.PNG", "train/b.png"]
    assert [kind for kind, _, _ in odd(inside)] == ["near-names"]


def test_a_path_that_climbs_out_of_a_folder_behind_a_link_leads_out(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write(root, ["linked/../a.png", "linked/b.png"])
    write_image(tmp_path / "other" / "a.png")
    write_image(tmp_path / "other" / "deep" / "b.png")
    (root / "train").mkdir()
    (root / "train" / "linked").symlink_to(tmp_path / "other" / "deep")
    source = read_coco(root)
    assert len(read(source)) == 2
    assert [kind for kind, _, _ in odd(source)] == ["wrong-paths"]
    assert odd(source)[0][2].startswith("1 image is taken from outside the dataset, since nothing in it fits")


@pytest.mark.parametrize("same", [True, False])
def test_parts_that_say_different_things_of_an_image(tmp_path: Path, same: bool) -> None:
    write(tmp_path, ["a.png", "b.png"], "train.json")
    write(tmp_path, ["a.png", "b.png"] if same else ["b.png", "a.png"], "val.json")
    for name in ("a.png", "b.png"):
        write_image(tmp_path / "images" / name)
    source = read_coco(tmp_path)
    assert read(source, "train") == {"images/a.png": 1, "images/b.png": 2}
    assert read(source, "val") == {"images/a.png": 1 if same else 2, "images/b.png": 2 if same else 1}
    detail = "images that have other annotations in train.json: 2, first images/a.png"
    assert odd(source) == ([] if same else [("duplicate-image", "val.json", detail)])


def test_training_images_that_are_evaluated_on_under_another_name_are_kept_and_told(tmp_path: Path) -> None:
    write(tmp_path, ["a.png", "b.png"], "train.json")
    write(tmp_path, ["../images/a.png", "images/b.png"], "val.json")
    for name, side in (("a.png", 100), ("b.png", 90)):
        write_image(tmp_path / "images" / name, side)
    spec = Data.model_validate({"format": "coco", "path": str(tmp_path)})
    loaded = load_data(spec, role="target", suite_folder=None)
    assert loaded.train is not None
    assert (len(loaded.train.samples), len(loaded.evaluate.samples)) == (2, 2)
    assert loaded.report.counts() == {"trained-on-and-evaluated-on": 2}


def test_links_count_as_what_they_are_called(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write(root, ["a.png", "dead.png", "loop.png", "Gone.png"])
    write_image(tmp_path / "store" / "a.png")
    (root / "train").symlink_to(tmp_path / "store")
    (root / "train" / "dead.png").symlink_to("/nowhere")
    (root / "train" / "loop.png").symlink_to("loop.png")
    (root / "train" / "round").symlink_to(root)
    (root / "train" / "gone.png").symlink_to("/nowhere")
    source = read_coco(root)
    assert read(source) == {"train/a.png": 1}
    assert [kind for kind, _, _ in odd(source)] == ["missing-image"] * 3


@pytest.mark.parametrize(
    "given",
    [".", "..", "/", "//", "~", "\ud800.png", "x" * 5000, f"{'x' * 5000}/../a", "a\nb", "%", "%00.png", "\\", "*"],
)
def test_odd_names_stop_nothing(tmp_path: Path, given: str) -> None:
    write(tmp_path, [given, "a.png"])
    write_image(tmp_path / "train" / "a.png")
    source = read_coco(tmp_path)
    found = read(source)
    if not given.endswith("/a"):
        assert found == {"train/a.png": 2}
        assert [kind for kind, _, _ in odd(source)] == ["missing-image"]


@pytest.mark.parametrize("folder", ["pictures", "../pictures"])
def test_the_folder_that_the_suite_names_is_the_only_one(tmp_path: Path, folder: str) -> None:
    root = tmp_path / "set"
    write(root, ["A.png", "b.png", "c.png"])
    write_image(root / folder / "a.png")
    write_image(root / folder / "train" / "c.png")
    write_image(root / "train" / "b.png")
    source = read_coco(root, images=folder)
    assert sorted(read(source).values()) == [1, 3]
    assert [kind for kind, _, _ in odd(source)] == ["missing-image", "near-names"]


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        (["train.json", "val.json"], ["train", "val"]),
        (["set_train_2.json", "labels-val2017.json"], ["train", "val2017"]),
        (["annotations/Train.json", "annotations/Val.json"], ["Train", "Val"]),
        (["train/labels.json", "valid/labels.json"], ["train", "valid"]),
        (["train/annotations/boxes.json", "val/annotations/boxes.json"], ["train", "val"]),
        (["annotations/train/a.json", "annotations/val/a.json"], ["train", "val"]),
        (["train.json", "train_old.json", "val.json"], ["train", "val"]),
        (["train.json", "val.json", "everything.json"], ["train", "val"]),
        (["train.json", "keypoints_train.json", "val.json", "val_panoptic.json"], ["train", "val"]),
        (["a_train.json", "b_train.json", "val.json"], ["a_train", "b_train", "val"]),
        (["keypoints_train.json", "keypoints_val.json"], ["train", "val"]),
        (["boxes.json"], [""]),
        (["annotations/train.json"], [""]),
        (["boxes.json", "captions.json"], [""]),
        (["annotations/INSTANCES_train.JSON", "train.json"], ["train"]),
    ],
)
def test_files_are_parts_by_their_names(tmp_path: Path, files: list[str], parts: list[str]) -> None:
    for file in files:
        write(tmp_path, ["a.png"], file)
    for other in ("package.json", "annotations/captions_val.json", "._train.json", "train/info.json"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).write_text('{"images": [], "annotations": []}')
    assert list(read_coco(tmp_path).split_names) == parts


def test_a_part_that_the_suite_names_need_not_be_a_usual_one(tmp_path: Path) -> None:
    for file in ("cats.json", "dogs.json", "val.json"):
        write(tmp_path, ["a.png"], file)
    assert read_coco(tmp_path, training=["cats"]).split_names == ("cats", "val")
    assert read_coco(tmp_path, evaluated=["dogs"]).split_names == ("dogs", "val")


def test_a_part_cut_short_is_named(tmp_path: Path) -> None:
    for file in ("train.json", "val.json"):
        write(tmp_path, ["a.png"], file)
    text = (tmp_path / "val.json").read_text()
    (tmp_path / "val.json").write_text(text[: text.index('"categories"')])
    with pytest.raises(DataError, match=r"val\.json: cannot be read as JSON"):
        read_coco(tmp_path).images("val")


def test_too_few_images_say_why(tmp_path: Path) -> None:
    write(tmp_path, ["a.png", "b.png"], "labels.json")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.heic").write_bytes(b"x")
    spec = Data.model_validate({"format": "coco", "path": str(tmp_path), "split": {"seed": 0}})
    with pytest.raises(DataError, match=r"found 0; 1 missing-image, 1 unread-format; first labels\.json: no image 'b"):
        choose(spec, read_coco(tmp_path), required=True, needs_train=True)


def test_words_for_parts() -> None:
    assert [split_word(name) for name in ("x_train2017", "Val-images", "trainer", "train_val", "test")] == [
        "train2017", "Val", None, None, "test",
    ]  # fmt: skip
    assert is_same_split("valid", "VAL2017")
    assert not is_same_split("val2014", "val2017")
    assert not is_same_split("trainval", "train")
    assert not is_same_split("", "train")
    assert split_of(Path("/train/set"), Path("/train/set/a.json")) is None
    assert split_of(Path("/train/set"), Path("/train/set/val/a.json")) == "val"
