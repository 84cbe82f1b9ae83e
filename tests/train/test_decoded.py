"""Decoded images on disk: used only where they are as they were written."""

from pathlib import Path

import numpy as np
import pytest
from support.disk import disk_with
from support.factories import drawn_dataset
from support.files_changed import let_time_pass

from forgetbench.train.decoded import decoded_places, is_whole, keep_decoded

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


def test_an_image_is_kept_as_numpy_writes_it_with_its_hash_behind(tmp_path: Path) -> None:
    place = tmp_path / "sub" / "a.npy"
    assert not is_whole(place)
    keep_decoded(place, PIXELS)
    assert is_whole(place)
    assert np.array_equal(np.load(place), PIXELS)
    assert [path.name for path in place.parent.iterdir()] == ["a.npy"]


@pytest.mark.parametrize("at", [0, 100, -1])
def test_a_changed_byte_is_found_also_after_it_was_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    let_time_pass(monkeypatch)
    place = tmp_path / "a.npy"
    keep_decoded(place, PIXELS)
    assert is_whole(place)
    content = bytearray(place.read_bytes())
    content[at] ^= 1
    place.unlink()
    place.write_bytes(content)
    assert not is_whole(place)
    place.write_bytes(content[:20])
    assert not is_whole(place)


def test_without_room_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    keep_decoded(tmp_path / "file" / "a.npy", PIXELS)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_places_are_named_by_content_and_by_what_decodes(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path, count=2)
    first, second = decoded_places(dataset)
    assert first.name == f"{dataset.samples[0].sha256}.png.npy"
    assert first.parent == second.parent
    assert "opencv-" in first.parent.name
    assert "ultralytics-" in first.parent.name


def test_images_are_kept_only_while_runs_have_room_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "sub" / "a.npy"
    disk_with(monkeypatch, 1_000_000_000)
    keep_decoded(place, PIXELS)
    assert not place.parent.exists()
    disk_with(monkeypatch, 2_000_000_000)
    keep_decoded(place, PIXELS)
    assert is_whole(place)
