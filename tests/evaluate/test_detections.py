from pathlib import Path

import numpy as np
import pytest
from support.factories import drawn_dataset

from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.detections import gather, load_detections, load_detections_on, save_detections


def test_gathered_in_image_order() -> None:
    first = np.array([[0, 0, 1, 1, 0.9, 3]], dtype=np.float32)
    second = np.array([[0, 0, 2, 2, 0.8, 1], [0, 0, 3, 3, 0.7, 2]], dtype=np.float32)
    found = gather([(5, second), (2, first), (3, np.zeros((0, 6), np.float32))])
    assert found.image.tolist() == [2, 5, 5]
    assert found.label.tolist() == [3, 1, 2]
    assert found.box[:, 2].tolist() == [1, 2, 3]
    assert len(found) == 3


def test_nothing_found() -> None:
    assert len(gather([])) == 0
    assert gather([]).box.shape == (0, 4)


def test_file_round_trip_is_exact_and_compact(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).random((1000, 6), dtype=np.float32)
    found = gather([(0, rows)])
    save_detections(tmp_path / "d.safetensors", found, {"key": "abc"})
    again, about = load_detections(tmp_path / "d.safetensors")
    assert about == {"key": "abc"}
    for name in ("image", "label", "score", "box"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    assert (tmp_path / "d.safetensors").stat().st_size < 1000 * 26 + 1000


def test_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "d.safetensors").write_bytes(b"junk")
    with pytest.raises(CorruptRunError, match="not a readable detections file"):
        load_detections(tmp_path / "d.safetensors")


ROWS = np.array([[0, 0, 4, 4, 0.9, 1], [0, 0, 4, 4, 0.8, 0]], np.float32)


def test_what_was_found_on_a_dataset_is_read_for_it(tmp_path: Path) -> None:
    dataset, path = drawn_dataset(tmp_path / "images", count=2), tmp_path / "d.safetensors"
    save_detections(path, gather([(0, ROWS), (1, ROWS)]), {})
    assert load_detections_on(dataset, path).image.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("image", -1, "found image -1, expected one of 0 to 1"),
        ("image", 2, "found image 2, expected one of 0 to 1"),
        ("image", 2**31 - 1, "found image 2147483647, expected one of 0 to 1"),
        ("label", -1, "found class -1, expected one of 0 to 2"),
        ("label", 3, "found class 3, expected one of 0 to 2"),
        ("score", np.nan, "found a confidence that is not between 0 and 1"),
        ("score", -0.5, "found a confidence that is not between 0 and 1"),
        ("score", 0.95, "its detections are not in order of image, then falling confidence"),
        ("image", 0, "its detections are not in order of image, then falling confidence"),
    ],
)
def test_what_cannot_have_been_found_on_a_dataset_is_refused(
    tmp_path: Path, column: str, value: float, problem: str
) -> None:
    """Counting by position would reach outside its memory."""
    dataset, path = drawn_dataset(tmp_path / "images", count=2), tmp_path / "d.safetensors"
    found = gather([(0, ROWS), (1, ROWS)])
    getattr(found, column)[-1] = value
    save_detections(path, found, {})
    with pytest.raises(CorruptRunError, match=rf"d\.safetensors: cannot be of {dataset.name}: {problem}"):
        load_detections_on(dataset, path)
