from pathlib import Path

import numpy as np
import pytest

from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.detections import gather, load_detections, save_detections


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
