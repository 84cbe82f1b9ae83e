"""Nothing but regular files is opened, and none that is larger than it can be: nothing is waited for, nothing fills."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path

import cv2
import numpy as np
import pytest

from forgetbench.data.cards.card import load_card
from forgetbench.data.load import load_data
from forgetbench.data.recognise import recognise
from forgetbench.errors import ForgetbenchError
from forgetbench.evaluate.detections import load_detections
from forgetbench.files import UnfitFileError, check_regular, open_regular, regular_bytes, sha256_file
from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.model.original import load_original
from forgetbench.model.yolo import read_architecture
from forgetbench.suite.data_section import Data, Split
from forgetbench.suite.load import load_suite

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
Make = Callable[[Path], object]


def make_socket(path: Path) -> None:
    with chdir(path.parent), socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def make_vast(path: Path) -> None:
    """Make a file of 2 TiB that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(2 << 40)


KINDS: dict[str, Make] = {
    "pipe": os.mkfifo,
    "socket": make_socket,
    "folder": Path.mkdir,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "vast": make_vast,
}
of_every_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


@pytest.fixture(autouse=True)
def _nothing_is_waited_for() -> Iterator[None]:
    """End a test that waits for a pipe: whoever opens it for writing lets the reader go on."""
    import faulthandler

    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize(
    ("kind", "said"), [("pipe", "a pipe"), ("socket", "a socket"), ("folder", "a folder"), ("device", "a device")]
)
def test_what_is_no_file_is_named(kind: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    KINDS[kind](path)
    for read in (check_regular, sha256_file, lambda it: regular_bytes(it, 10), lambda it: open_regular(it).__enter__()):
        with pytest.raises(UnfitFileError) as caught:
            read(path)
        assert str(caught.value) == f"it is {said}, not a file"
        assert caught.value.filename == str(path)


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").symlink_to("a")
    assert regular_bytes(tmp_path / "b", 3) == b"abc"
    with pytest.raises(UnfitFileError, match="larger than 0 KiB"):
        regular_bytes(tmp_path / "b", 2)
    with pytest.raises(FileNotFoundError):
        regular_bytes(tmp_path / "c", 2)


def test_what_becomes_a_pipe_meanwhile_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"abc")

    def exchange(path: Path) -> None:
        path.unlink()
        os.mkfifo(path)

    monkeypatch.setattr("forgetbench.files.check_regular", exchange)
    with pytest.raises(UnfitFileError, match="a pipe"):
        regular_bytes(tmp_path / "a", 10)


@of_every_kind
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("s.yaml", load_suite),
        ("c.yaml", load_card),
        ("w.pt", load_original),
        ("w.safetensors", load_original),
        ("net.yaml", read_architecture),
        ("x", load_checkpoint),
        ("x", load_detections),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_single_files(name: str, read: Make, make: Make, tmp_path: Path) -> None:
    make(tmp_path / name)
    with pytest.raises(ForgetbenchError):
        read(tmp_path / name)


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".png"):
            pixels = np.random.default_rng(len(content)).integers(0, 255, (8, 8, 3), np.uint8)
            cv2.imwrite(str(root / name), pixels)
        else:
            (root / name).write_text(content)


BOX = "0 0.5 0.5 0.5 0.5\n"
YOLO = {
    "data.yaml": "train: images/train\nval: images/val\nnames: [a]\n",
    **{f"images/{part}/{name}.png": part * number for part in ("train", "val") for number, name in enumerate("xy", 1)},
    **{f"labels/{part}/{name}.txt": BOX for part in ("train", "val") for name in "xy"},
}
DARKNET = {
    "obj.data": "classes = 1\ntrain = train.txt\nvalid = val.txt\nnames = obj.names\n",
    "obj.names": "a\n",
    "train.txt": "obj_train_data/x.png\nobj_train_data/y.png\n",
    "val.txt": "obj_train_data/z.png\n",
    **{f"obj_train_data/{name}.png": "p" * number for number, name in enumerate("xyz")},
    **{f"obj_train_data/{name}.txt": BOX for name in "xyz"},
}
XML = (
    "<annotation><object><name>a</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox>"
    "</object></annotation>"
)
VOC = {
    "ImageSets/Main/train.txt": "x\ny\n",
    "ImageSets/Main/val.txt": "z\n",
    **{f"JPEGImages/{name}.png": "p" * number for number, name in enumerate("xyz")},
    **{f"Annotations/{name}.xml": XML for name in "xyz"},
}
JSON = '{"shapes": [{"label": "a", "shape_type": "rectangle", "points": [[1, 1], [5, 5]]}], "imagePath": ""}'
LABELME = {
    **{f"{name}.png": "p" * number for number, name in enumerate("uvwxyz")},
    **{f"{name}.json": JSON for name in "uvwxyz"},
}
INSTANCES = (
    '{{"images": [{{"id": 1, "file_name": "{0}.png"}}], "categories": [{{"id": 1, "name": "a"}}], '
    '"annotations": [{{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4]}}]}}'
)
COCO = {
    **{f"annotations/instances_{part}.json": INSTANCES.format(part) for part in ("train", "val")},
    **{f"{part}/{part}.png": part for part in ("train", "val")},
}
PLACES = [
    ("yolo", YOLO, "data.yaml"), ("yolo", YOLO, "labels/train/x.txt"), ("yolo", YOLO, "images/train/x.png"),
    ("yolo", DARKNET, "obj.data"), ("yolo", DARKNET, "obj.names"), ("yolo", DARKNET, "train.txt"),
    ("yolo", DARKNET, "obj_train_data/x.txt"), ("yolo", DARKNET, "obj_train_data/x.png"),
    ("voc", VOC, "Annotations/x.xml"), ("voc", VOC, "ImageSets/Main/train.txt"), ("voc", VOC, "JPEGImages/x.png"),
    ("labelme", LABELME, "x.json"), ("labelme", LABELME, "x.png"),
    ("coco", COCO, "annotations/instances_train.json"), ("coco", COCO, "train/train.png"),
]  # fmt: skip


@of_every_kind
@pytest.mark.parametrize(("kind", "files", "name"), PLACES, ids=[f"{kind}-{name}" for kind, _, name in PLACES])
def test_files_of_datasets(kind: str, files: dict[str, str], name: str, make: Make, tmp_path: Path) -> None:
    """What can no more be read is told of or left out; all else is read as it was."""
    root = tmp_path / "data"
    write(root, files)
    spec = Data(format=kind, path=str(root), split=Split() if kind == "labelme" else None)
    assert load_data(spec, role="target", suite_folder=None).train is not None
    (root / name).unlink()
    make(root / name)
    try:
        loaded = load_data(spec, role="target", suite_folder=None)
    except ForgetbenchError:
        loaded = None
    if loaded is not None:
        assert loaded.train is not None
        assert root / name not in [sample.image for sample in (*loaded.train.samples, *loaded.evaluate.samples)]
    try:
        recognise(root)
    except ForgetbenchError as error:
        assert len(str(error)) < 2000
