"""An image is what was hashed when the data were read, or nobody decodes it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.factories import drawn_dataset, sample
from support.files_changed import another_image, let_time_pass, overwrite
from support.spied import spied

from forgetbench.data.dataset import Dataset
from forgetbench.data.images import content
from forgetbench.data.images.content import check_image, hash_of, read_image, state_of, unchanged
from forgetbench.errors import DataError
from forgetbench.files import sha256_file


@pytest.fixture
def images(tmp_path: Path) -> Dataset:
    return drawn_dataset(tmp_path / "images", count=2)


def other_bytes(path: Path) -> None:
    overwrite(path, another_image(path))


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def other_file(path: Path) -> None:
    (path.parent / "new").write_bytes(another_image(path))
    (path.parent / "new").replace(path)


def linked(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "001.png")


CHANGES = pytest.mark.parametrize("change", [other_bytes, longer, emptied, other_file, linked])


@CHANGES
@pytest.mark.parametrize("known", [True, False])
def test_a_changed_image_is_named(
    images: Dataset, change: Callable[[Path], None], known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if known:
        let_time_pass(monkeypatch)
    first = images.samples[0]
    check_image(first)
    assert hashlib.sha256(read_image(first)).hexdigest() == first.sha256
    change(first.image)
    found = hashlib.sha256(first.image.read_bytes()).hexdigest()
    said = (
        f"{first.image}: changed since the data were read; expected the content of SHA-256 {first.sha256[:16]}…, found "
        f"{found[:16]}…. Put the file back, or run the same command again: changed data make another run."
    )
    for look in (check_image, read_image):
        with pytest.raises(DataError) as caught:
            look(first)
        assert str(caught.value) == said
    check_image(images.samples[1])


@CHANGES
def test_an_image_changed_while_it_is_read_is_named(images: Dataset, change: Callable[[Path], None]) -> None:
    first = images.samples[0]
    with pytest.raises(DataError, match=r"000\.png: changed since"), unchanged(first):
        change(first.image)
    with pytest.raises(DataError, match=r"000\.png: changed since"), unchanged(first):
        raise AssertionError("read")


def test_an_error_of_a_change_is_told_as_the_change(images: Dataset) -> None:
    first = images.samples[0]
    with pytest.raises(DataError, match=r"000\.png: changed since"), unchanged(first):
        emptied(first.image)
        raise ValueError("nothing to decode")
    with pytest.raises(ValueError, match="another fault"), unchanged(images.samples[1]):
        raise ValueError("another fault")


def test_a_file_put_back_is_what_it_was(images: Dataset) -> None:
    first = images.samples[0]
    before = first.image.read_bytes()
    other_bytes(first.image)
    first.image.write_bytes(before)
    check_image(first)
    os.utime(first.image, ns=(0, 0))
    check_image(first)
    assert read_image(first) == before


def test_content_is_read_once_while_nothing_of_the_file_changes(
    images: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = spied(monkeypatch, content, "sha256_file")
    one = images.samples[0].image
    assert hash_of(one) == hash_of(one)
    assert read == [one, one]  # it may still be changed within the same tick of the clock
    let_time_pass(monkeypatch)
    assert hash_of(one) == hash_of(one) == hash_of(one)
    assert read == [one] * 3
    os.utime(one, ns=(0, 0))
    assert hash_of(one) == hash_of(one)
    assert read == [one] * 4


def test_a_file_changed_while_it_is_hashed_is_not_remembered(images: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    let_time_pass(monkeypatch)
    one = images.samples[0].image

    def changed_after(path: Path) -> str:
        found = sha256_file(path)
        other_bytes(path)
        return found

    monkeypatch.setattr(content, "sha256_file", changed_after)
    before = hash_of(one)
    monkeypatch.setattr(content, "sha256_file", sha256_file)
    assert before == images.samples[0].sha256 != hash_of(one)


@pytest.mark.parametrize("kind", ["gone", "folder", "pipe"])
def test_what_is_no_file_any_more_is_named_and_not_opened(images: Dataset, kind: str) -> None:
    first = images.samples[0]
    first.image.unlink()
    if kind == "folder":
        first.image.mkdir()
    elif kind == "pipe":
        os.mkfifo(first.image)
    for look in (check_image, read_image):
        with pytest.raises(DataError, match=r"000\.png: cannot be read any more; found .*Put the file back"):
            look(first)
    with pytest.raises(OSError, match=r"000\.png"):
        state_of(first.image)


def test_a_sample_without_a_hash_is_never_decoded(tmp_path: Path) -> None:
    absent = sample(tmp_path / "a.png", 1, 1, [], [])
    shutil.copyfile(drawn_dataset(tmp_path / "d", count=1).samples[0].image, absent.image)
    with pytest.raises(DataError, match="changed since"):
        read_image(absent)
