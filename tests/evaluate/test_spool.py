from pathlib import Path

import numpy as np
import pytest

from forgetbench.evaluate.detections import gather
from forgetbench.evaluate.networks import Network
from forgetbench.evaluate.spool import spooling

FIRST, SECOND = Network(("a",), "one-to-many"), Network(("b",), "one-to-many")


def found(index: int, count: int) -> tuple[int, np.ndarray]:
    rows = np.random.default_rng(index).random((count, 6), dtype=np.float32)
    rows[:, 5] = np.arange(count)
    return index, rows


def test_what_comes_out_is_what_went_in_by_image(tmp_path: Path) -> None:
    batches = [[found(3, 2), found(5, 0)], [found(0, 4), found(4, 1)]]
    with spooling(tmp_path / "unfinished", [FIRST, SECOND]) as spool:
        for batch in batches:
            spool.add(FIRST, batch)
        read, expected = spool.read(FIRST), gather([rows for batch in batches for rows in batch])
        for name in ("image", "label", "score", "box"):
            np.testing.assert_array_equal(getattr(read, name), getattr(expected, name))
            assert getattr(read, name).dtype == getattr(expected, name).dtype
        assert len(spool.read(SECOND)) == 0
        assert spool.bytes == sum(path.stat().st_size for path in (tmp_path / "unfinished").iterdir()) == 7 * 26


def test_nothing_is_left_whatever_happens(tmp_path: Path) -> None:
    folder = tmp_path / "unfinished"
    folder.mkdir()
    (folder / "0").write_bytes(b"left by a killed process")
    with pytest.raises(RuntimeError), spooling(folder, [FIRST]) as spool:
        assert len(spool.read(FIRST)) == 0
        spool.add(FIRST, [found(0, 1)])
        raise RuntimeError
    assert not folder.exists()
