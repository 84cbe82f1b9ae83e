"""Ways to break the stand-ins: each is a function of a dataset's folder."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

Break = Callable[[Path], object]
TRAIN_LABEL = "labels/train/000001.txt"
TRAIN_IMAGE = "images/train/000001.png"
TRAIN_JSON = "annotations/instances_train.json"
XML = "Annotations/000001.xml"


def line(text: str) -> Break:
    """Return what adds a line to a training image's label file."""
    return lambda root: (root / TRAIN_LABEL).write_text(f"0 0.5 0.5 0.9 0.9\n{text}\n")


def text(name: str, content: str | bytes) -> Break:
    """Return what replaces a file's content."""
    return lambda root: (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def swap(name: str, old: str, new: str) -> Break:
    """Return what replaces some text of a file."""

    def change(root: Path) -> None:
        before = (root / name).read_text()
        assert old in before
        (root / name).write_text(before.replace(old, new))

    return change


def cut(name: str, count: int) -> Break:
    """Return what cuts the end off every file of a pattern."""

    def change(root: Path) -> None:
        for path in root.glob(name):
            path.write_bytes(path.read_bytes()[:-count])

    return change


def instances(change: Callable[[dict[str, Any]], object]) -> Break:
    """Return what changes the training part's JSON."""

    def changed(root: Path) -> None:
        document = json.loads((root / TRAIN_JSON).read_text())
        change(document)
        (root / TRAIN_JSON).write_text(json.dumps(document))

    return changed


def first_box(**fields: Any) -> Break:
    """Return what changes the training part's first annotation."""
    return instances(lambda document: document["annotations"][0].update(fields))


def remove(name: str) -> Break:
    """Return what removes a folder, or the dataset itself."""
    return lambda root: shutil.rmtree(root / name)


def each(pattern: str, change: Callable[[Path], object]) -> Break:
    """Return what changes every file of a pattern."""
    return lambda root: [change(path) for path in sorted(root.glob(pattern))]


def become_folder(path: Path) -> None:
    """Put a folder where a file was."""
    path.unlink()
    path.mkdir()


def become_file(root: Path) -> None:
    """Put something like an archive where the dataset was."""
    shutil.rmtree(root)
    root.write_bytes(b"PK\x03\x04")


def linked_images(root: Path) -> None:
    """Move the images into a store that they are linked to, and leave the labels where nobody looks."""
    (root / "images" / "train").rename(root / "pictures")
    (root / "labels" / "train").rename(root / "boxes")
    (root / "images" / "train").symlink_to(root / "pictures")


def dead_link(root: Path) -> None:
    """Put a link to nowhere where a training image was."""
    (root / TRAIN_IMAGE).unlink()
    (root / TRAIN_IMAGE).symlink_to("/nowhere")


def recased_labels(root: Path) -> None:
    """Give the training part's images and labels names that differ in case alone."""
    for folder, letter in (("images", "a"), ("labels", "A")):
        for path in sorted((root / folder / "train").iterdir()):
            path.rename(path.with_stem(letter + path.stem))


def labels(content: str) -> Break:
    """Return what gives every label file the same lines."""
    return each("labels/*/*.txt", lambda path: path.write_text(content))


def nothing(root: Path) -> None:
    """Leave a sound dataset: the section is wrong."""


def png_of(width: int, height: int) -> bytes:
    """Return a PNG file that claims a size and holds no pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def endless_names() -> str:
    """Return a data.yaml of a thousand characters whose names would fill any memory when written out."""
    lists = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 20)]
    return "\n".join(["a0: &a0 [lol, lol]", *lists, "train: images/train", "names: *a19"])
