"""Labels that lie in a folder twice: those made for YOLO go before the files that they were made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.layouts import write_image

from forgetbench.data.load import read_target
from forgetbench.data.recognise import recognise
from forgetbench.errors import DataError

STEMS = {"train": ("a", "b"), "val": ("c", "d")}


def write(root: Path, images: str, labels: str | None, others: str, suffix: str) -> None:
    """Write images with a box each in XML or JSON, and another box, if `labels` says where, for YOLO."""
    for part, stems in STEMS.items():
        for stem in stems:
            write_image(root / images.format(part) / f"{stem}.png", width=ord(stem))
            other = root / others.format(part) / f"{stem}{suffix}"
            other.parent.mkdir(parents=True, exist_ok=True)
            box = "<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"
            shape = {"label": "pear", "points": [[0, 0], [9, 9]], "shape_type": "rectangle"}
            other.write_text(
                f"<annotation><object><name>pear</name><bndbox>{box}</bndbox></object></annotation>"
                if suffix == ".xml"
                else json.dumps({"shapes": [shape], "imagePath": f"{stem}.png"})
            )
            if labels is not None:
                label = root / labels.format(part) / f"{stem}.txt"
                label.parent.mkdir(parents=True, exist_ok=True)
                label.write_text("0 0.5 0.5 0.2 0.2\n")


@pytest.mark.parametrize("names", ["data.yaml", "classes.txt"])
@pytest.mark.parametrize(
    ("images", "labels", "others"),
    [
        ("images/{}", "labels/{}", "annotations"),
        ("images/{}", "labels/{}", "Annotations/{}"),
        ("images/{}", "labels/{}", "labels/{}"),
        ("images/{}", "labels/{}", "images/{}"),
        ("{}/images", "{}/labels", "{}/images"),
        ("{}", "{}", "{}"),
    ],
)
@pytest.mark.parametrize("suffix", [".xml", ".json"])
def test_labels_made_for_yolo_are_read(
    tmp_path: Path, suffix: str, images: str, labels: str, others: str, names: str
) -> None:
    write(tmp_path, images, labels, others, suffix)
    places = f"train: {images.format('train')}\nval: {images.format('val')}\nnames: [fig]\n"
    (tmp_path / names).write_text(places if names == "data.yaml" else "fig\n")
    found = recognise(tmp_path)
    assert found.spec.format == "yolo"
    data = read_target(found.spec, found.source)
    assert data.train is not None
    assert (data.train.classes, data.train.instances, data.evaluate.instances) == (("fig",), 2, 2)


@pytest.mark.parametrize(("suffix", "kind"), [(".xml", "voc"), (".json", "labelme")])
def test_folders_called_labels_may_hold_another_format_alone(tmp_path: Path, suffix: str, kind: str) -> None:
    write(tmp_path, "images/{}", None, "labels/{}", suffix)
    (tmp_path / "labels" / "readme.txt").write_text("drawn by hand\n")
    found = recognise(tmp_path)
    assert (found.spec.format, found.source.classes) == (kind, ("pear",))


@pytest.mark.parametrize("folder", [".", "VOC2012"])
def test_beside_a_whole_voc_dataset_the_user_says_which(tmp_path: Path, folder: str) -> None:
    write(tmp_path, "images/{}", "labels/{}", f"{folder}/Annotations", ".xml")
    write_image(tmp_path / folder / "JPEGImages" / "a.png")
    (tmp_path / "classes.txt").write_text("fig\n")
    with pytest.raises(DataError, match=r"more than one format; found voc .+ and yolo"):
        recognise(tmp_path)
    assert recognise(tmp_path, "yolo").source.classes == ("fig",)
