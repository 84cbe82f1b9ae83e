"""The YOLO layout: folders, data.yaml, lists, label lines and links."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.layouts import write_image, write_yolo

from forgetbench.data.formats.yolo.label_files import LabelFiles, parse_line
from forgetbench.data.formats.yolo.reader import read_yolo
from forgetbench.data.reading.source import Source
from forgetbench.errors import DataError

BOX = "0 0.5 0.5 0.2 0.4\n"
NAMES = ("x", "y")


def kinds(source: Source) -> list[tuple[str, str]]:
    return [(oddity.kind, oddity.file) for oddity in source.report.found]


def test_box_line_in_pixels() -> None:
    # 100 x 50 pixels: centre (50, 25), 20 wide, 20 high.
    box = parse_line("1 0.5 0.5 0.2 0.4", "line 1", (100, 50))
    assert box.corners == pytest.approx((40, 15, 60, 35))
    assert (box.label, box.polygon) == (1, False)


def test_polygon_line_becomes_its_bounding_box() -> None:
    box = parse_line("0 0.1 0.2 0.5 0.8 0.3 0.4", "line 1", (100, 50))
    assert box.corners == pytest.approx((10, 10, 50, 40))
    assert box.polygon


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("0 0.5 0.5 0.2 0.4 0.9", "6 values"),
        ("0 0.5 0.5", "3 values"),
        ("0 0.1 0.2 0.3 0.4 0.5 0.6 0.7", "8 values"),
        ("cat 0.5 0.5 0.2 0.4", "'cat' is not a number"),
        ("0 nan 0.5 0.2 0.4", "not finite"),
        ("0.5 0.5 0.5 0.2 0.4", "whole number"),
    ],
)
def test_malformed_line(line: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_line(line, "line 1", (100, 50))


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("/d/images/a.jpg", "/d/labels/a.txt"),
        ("/d/train/images/a.b.png", "/d/train/labels/a.b.txt"),
        ("/images/d/images/train/a.jpg", "/images/d/labels/train/a.txt"),
        ("/d/pictures/a.jpg", "/d/pictures/a.txt"),
        ("/d/myimages/images.jpg", "/d/myimages/images.txt"),
    ],
)
def test_label_file_replaces_the_last_images_folder(image: str, label: str) -> None:
    assert LabelFiles().of(Path(image)) == Path(label)


def test_flat_folder_is_one_unnamed_part(tmp_path: Path) -> None:
    source = read_yolo(write_yolo(tmp_path, {"b.png": BOX, "a.png": BOX}), NAMES)
    assert source.split_names == ("",)
    samples = source.samples("")
    assert [sample.image.name for sample in samples] == ["a.png", "b.png"]
    assert samples[0].boxes.tolist() == [pytest.approx([40, 15, 60, 35])]
    assert source.report.found == []


@pytest.mark.parametrize(("images", "labels"), [("images/{}", "labels/{}"), ("{}/images", "{}/labels")])
def test_parts_by_folder_without_yaml(tmp_path: Path, images: str, labels: str) -> None:
    for part in ("train", "val"):
        write_yolo(tmp_path, {f"{part}.png": BOX}, images.format(part), labels.format(part))
    source = read_yolo(tmp_path, NAMES)
    assert sorted(source.split_names) == ["train", "val"]
    assert [sample.image.name for sample in source.samples("val")] == ["val.png"]


def test_data_yaml_names_parts_and_classes(tmp_path: Path) -> None:
    write_yolo(tmp_path / "inner", {"a.png": BOX}, "images/one", "labels/one")
    write_yolo(tmp_path / "inner", {"b.png": BOX}, "images/two", "labels/two")
    (tmp_path / "data.yaml").write_text(
        "path: inner\ntrain: [images/one, images/two]\nval: images/two\nnc: 2\nnames: {0: cat, 1: dog}\n"
    )
    source = read_yolo(tmp_path)
    assert source.classes == ("cat", "dog")
    assert source.split_names == ("train", "val")
    assert [sample.image.name for sample in source.samples("train")] == ["a.png", "b.png"]
    assert read_yolo(tmp_path / "data.yaml", NAMES).classes == NAMES


def test_wrong_paths_are_mended_within_the_dataset(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX}, "train/images", "train/labels")
    write_yolo(tmp_path, {"b.png": BOX}, "valid/images", "valid/labels")
    (tmp_path / "data.yaml").write_text(
        "train: ../train/images\nval: /home/me/fruit/valid/images\ntest: ../test/images\nnames: [x]\n"
    )
    source = read_yolo(tmp_path)
    assert source.split_names == ("train", "val")
    assert len(source.samples("train")) == len(source.samples("val")) == 1
    assert kinds(source) == [("wrong-paths", "data.yaml")] * 3
    assert [oddity.detail.split(": ")[0] for oddity in source.report.found] == ["train", "val", "test"]
    assert source.report.found[2].detail.endswith("nothing like it found")


def test_lone_images_folder_does_not_stand_in_for_another_part(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX}, "images", "labels")
    (tmp_path / "data.yaml").write_text("train: images\nval: ../valid/images\nnames: [x]\n")
    assert read_yolo(tmp_path).split_names == ("train",)


def test_list_of_images_keeps_its_order(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX, "b.png": BOX, "c.png": BOX})
    (tmp_path / "train.txt").write_text("./images/c.png\n\nimages/a.png\nimages/gone.png\nimages/c.png\n")
    source = read_yolo(tmp_path, NAMES)
    assert [sample.image.name for sample in source.samples("train")] == ["c.png", "a.png"]
    assert kinds(source) == [("missing-image", "train.txt"), ("duplicate-image", "images/c.png")]
    assert source.report.found[0].detail.startswith("line 4: ")


def test_list_with_paths_of_another_machine(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX, "b.png": BOX})
    (tmp_path / "train.txt").write_text("/home/me/d/images/a.png\n/home/me/d/images/b.png\n")
    source = read_yolo(tmp_path, NAMES)
    assert len(source.samples("train")) == 2
    assert kinds(source) == [("wrong-paths", "train.txt")]


def test_every_oddity_of_labels_is_reported_with_its_line(tmp_path: Path) -> None:
    text = (
        "0 0.5 0.5 0.2 0.4\n"
        "\n"
        "0 0.5 0.5 0.2 0.4\n"  # line 3: duplicate
        "7 0.5 0.5 0.2 0.4\n"  # line 4: class
        "0 1.4 0.5 0.2 0.4\n"  # line 5: outside
        "0 0.95 0.5 0.2 0.4\n"  # line 6: half outside
        "0 0.5 0.5 0 0.4\n"  # line 7: no width
        "0 0.5 0.5 0.2 0.4 0.9\n"  # line 8: six values
        "1 0.1 0.2 0.5 0.8 0.3 0.4\n"  # line 9: polygon
    )
    source = read_yolo(write_yolo(tmp_path, {"a.png": text}), NAMES)
    (sample,) = source.samples("")
    assert sample.boxes.tolist() == [
        pytest.approx([40, 15, 60, 35]),
        pytest.approx([85, 15, 100, 35]),
        pytest.approx([10, 10, 50, 40]),
    ]
    found = {oddity.detail.split(":")[0]: oddity.kind for oddity in source.report.found}
    assert found == {
        "line 3": "duplicate-box",
        "line 4": "class-beyond-names",
        "line 5": "label-out-of-range",
        "line 6": "label-out-of-range",
        "line 7": "zero-area-box",
        "line 8": "unreadable-label",
        "line 9": "polygon-among-boxes",
    }
    assert {oddity.file for oddity in source.report.found} == {"labels/a.txt"}


def test_polygons_alone_are_not_odd(tmp_path: Path) -> None:
    source = read_yolo(write_yolo(tmp_path, {"a.png": "0 0.1 0.2 0.5 0.8 0.3 0.4\n"}), NAMES)
    assert len(source.samples("")[0].boxes) == 1
    assert source.report.found == []


def test_oddities_of_files(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX, "a.jpg": BOX, "b.png": None, "c.png": "", "d.png": BOX, "e.png": BOX})
    write_yolo(tmp_path, {"f.png": "9 0.5 0.5 0.2 0.4\n"})
    (tmp_path / "images" / "d.png").write_bytes(b"")
    (tmp_path / "labels" / "e.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "labels" / "orphan.txt").write_text(BOX)
    (tmp_path / "labels" / "classes.txt").write_text("x\n")
    source = read_yolo(tmp_path, NAMES)
    assert [sample.image.name for sample in source.samples("")] == ["a.jpg", "b.png", "c.png", "f.png"]
    assert kinds(source) == [
        ("missing-image", "labels/orphan.txt"),
        ("duplicate-image", "images/a.png"),
        ("corrupt-image", "images/d.png"),
        ("image-without-label", "images/b.png"),
        ("image-without-label", "images/c.png"),
        ("unreadable-label", "labels/e.txt"),
        ("class-beyond-names", "labels/f.txt"),
        ("image-without-label", "images/f.png"),
    ]


def test_links_are_not_resolved_before_labels_are_looked_for(tmp_path: Path) -> None:
    # Images live in a store that has no labels beside them; only the path as named leads to the labels.
    write_image(tmp_path / "store" / "pictures" / "a.png")
    data = tmp_path / "data"
    (data / "labels" / "train").mkdir(parents=True)
    (data / "labels" / "train" / "a.txt").write_text(BOX)
    (data / "images").mkdir()
    (data / "images" / "train").symlink_to(tmp_path / "store" / "pictures")
    (tmp_path / "link").symlink_to(data)
    source = read_yolo(tmp_path / "link", NAMES)
    (sample,) = source.samples("train")
    assert sample.image == tmp_path / "link" / "images" / "train" / "a.png"
    assert len(sample.boxes) == 1
    assert source.report.found == []


def test_circle_of_links_ends(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX})
    (tmp_path / "images" / "again").symlink_to(tmp_path / "images")
    assert len(read_yolo(tmp_path, NAMES).samples("")) == 1


def test_names_numbered_by_nc_or_given_as_fallback(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX})
    assert read_yolo(tmp_path, fallback_names=("p", "q")).classes == ("p", "q")
    (tmp_path / "data.yaml").write_text("train: images\nnc: 2\n")
    assert read_yolo(tmp_path, fallback_names=("p", "q")).classes == ("class 0", "class 1")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("train: images\nnames: [x]\nnc: 3\n", "nc does not fit names; expected nc: 1, found nc: 3"),
        ("train: images\nnames: {0: x, 2: y}\n", "class numbers have gaps"),
        ("train: images\nnames: x\n", "names cannot be read"),
        ("train: [", "cannot be read as YAML"),
        ("just text", "is not a data.yaml"),
        ("names: !!bool x\n", "cannot be read as YAML; .*tag 'tag:yaml.org,2002:bool' is refused"),
        ("train: images\n", "the class names are unknown"),
    ],
)
def test_bad_data_yaml(tmp_path: Path, text: str, problem: str) -> None:
    write_yolo(tmp_path, {"a.png": BOX})
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(DataError, match=problem) as caught:
        read_yolo(tmp_path)
    assert "\n" not in str(caught.value)


def test_data_yaml_runs_nothing(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX})
    (tmp_path / "data.yaml").write_text(f"names: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n")
    with pytest.raises(DataError, match="cannot be read as YAML"):
        read_yolo(tmp_path)
    assert not (tmp_path / "made").exists()


def test_folder_without_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images found"):
        read_yolo(tmp_path, NAMES)


def test_unknown_part_names_the_known(tmp_path: Path) -> None:
    write_yolo(tmp_path, {"a.png": BOX}, "images/train", "labels/train")
    with pytest.raises(DataError, match="no part 'vla'; expected one of 'train'"):
        read_yolo(tmp_path, NAMES).images("vla")


def write_wgisd(root: Path, *stems: str) -> Path:
    """Write WGISD's layout: images beside their labels, which know one class, and lists of stems."""
    for stem in stems:
        write_image(root / "data" / f"{stem}.jpg")
        (root / "data" / f"{stem}.txt").write_text(BOX)
        (root / "data" / f"{stem}.npz").write_bytes(b"")
    (root / "train.txt").write_text("".join(f"{stem}\n" for stem in stems[:-1]))
    (root / "train_masked.txt").write_text(f"{stems[0]}\n")
    (root / "test.txt").write_text(f"{stems[-1]}\n")
    return root


def test_classes_told_by_file_names(tmp_path: Path) -> None:
    kinds_of_grape = {"CDY": "Chardonnay", "SYH": "Syrah", "CFR": "Cabernet Franc"}
    stems = ("SYH_2017-04-27_1312", "CDY_2031", "CDY-TULE_1404", "XXX_1", "CFR_1624")
    source = read_yolo(write_wgisd(tmp_path, *stems), class_by_name={**kinds_of_grape, "CDY-TULE": "Tulelake"})
    assert source.classes == ("Chardonnay", "Syrah", "Cabernet Franc", "Tulelake")
    assert source.split_names == ("train", "test")
    train, test = source.samples("train"), source.samples("test")
    assert [(sample.image.stem, sample.classes.tolist()) for sample in (*train, *test)] == [
        ("SYH_2017-04-27_1312", [1]), ("CDY_2031", [0]), ("CDY-TULE_1404", [3]), ("CFR_1624", [2]),
    ]  # fmt: skip
    assert train[0].boxes.tolist() == [pytest.approx([40, 15, 60, 35])]
    assert kinds(source) == [("name-without-class", "data/XXX_1.jpg")]
    assert source.report.found[0].detail == "begins with none of CDY, SYH, CFR, CDY-TULE: left out"


def test_names_of_one_class_are_one_class(tmp_path: Path) -> None:
    root = write_yolo(tmp_path, {"a.png": BOX, "b.png": "7 0.5 0.5 0.2 0.4\n"})
    (root / "data.yaml").write_text("train: images\nnames: [x, y, z]\n")
    source = read_yolo(root, class_by_name={"a": "fruit", "b": "fruit"})
    assert source.classes == ("fruit",)
    assert [sample.classes.tolist() for sample in source.samples("train")] == [[0], [0]]
    assert source.report.found == []


def test_archive_where_a_folder_is_due(tmp_path: Path) -> None:
    (tmp_path / "data.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"not a folder; expected a folder of yolo data.*an archive has to be unpacked"):
        read_yolo(tmp_path / "data.zip", NAMES)
