"""Networks at operating points, from a run folder of which it is known what they find with which score."""

from pathlib import Path

import numpy as np
import pytest
from support.scored_run import IMAGES, found, tables, write_run, write_table

from forgetbench.derive.source import Source
from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.detections import save_detections
from forgetbench.progress import Silent
from forgetbench.suite.measures import WHOLE_MEASURES


def test_every_row_of_the_results_at_both_points(tmp_path: Path) -> None:
    rows, _ = tables(write_run(tmp_path))
    said = [(row.arm, row.role, row.point, row.right, row.wrong, row.objects) for row in rows]
    assert said == [
        ("m-freeze22-seed0", "target", "0.25", 0, 0, 8), ("m-freeze22-seed0", "target", "best-f1", 0, 0, 8),
        ("m-freeze22-seed0", "reference", "0.25", 8, 8, 8), ("m-freeze22-seed0", "reference", "best-f1", 8, 0, 8),
        ("m-freeze15-seed0", "target", "0.25", 8, 8, 8), ("m-freeze15-seed0", "target", "best-f1", 8, 8, 8),
        ("m-freeze15-seed0", "reference", "0.25", 8, 0, 8), ("m-freeze15-seed0", "reference", "best-f1", 0, 0, 8),
        ("original", "reference", "0.25", 8, 8, 8), ("original", "reference", "best-f1", 8, 0, 8),
    ]  # fmt: skip
    assert [row.threshold for row in rows] == pytest.approx([0.25, (0.8 + 0.4) / 2] * 5)
    assert (rows[-2].recall, rows[-2].precision, rows[-2].f1) == pytest.approx((1.0, 0.5, 2 / 3))
    assert (rows[0].recall, rows[0].precision, rows[0].f1) == (0.0, None, 0.0)
    assert [row.detections for row in rows[-2:]] == ["right.safetensors"] * 2


def test_scores_that_sink_together_are_lost_at_the_originals_threshold(tmp_path: Path) -> None:
    _, compared = tables(write_run(tmp_path))
    assert compared["forgetting", "ap", "15"].value == 0
    lost = compared["forgetting", "recall_at_best_f1", "15"]
    assert (lost.value, lost.low, lost.high) == (1.0, 1.0, 1.0)
    assert compared["forgetting", "precision_at_0.25", "15"].value == -0.5
    assert compared["forgetting", "precision_at_best_f1", "15"].value is None
    gained = compared["gain", "recall_at_0.25", "15"]
    assert (gained.value, gained.low, gained.against) == (1.0, 1.0, "all-but-head (22)")
    assert compared["forgetting", "f1_at_0.25", "all-but-head (22)"].by_construction
    assert {measure for _, measure, _ in compared} == set(WHOLE_MEASURES)


def test_what_was_not_kept_cannot_be_counted(tmp_path: Path) -> None:
    rows, compared = tables(write_run(tmp_path, conf=0.3))
    at_fixed = [row for row in rows if row.point == "0.25"]
    assert {(row.threshold, row.recall, row.f1, row.right, row.objects) for row in at_fixed} == {(None,) * 4 + (8,)}
    assert compared["forgetting", "recall_at_0.25", "15"].value is None
    assert compared["forgetting", "recall_at_best_f1", "15"].value == 1.0


def test_an_original_that_finds_nothing_has_no_best_f1(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    path = tmp_path / "detections" / "right.safetensors"
    about = {"data": "reference", "settings": {"conf": 0.001, "iou": 0.7}}
    save_detections(path, found(0.9).of(np.arange(1, 2 * IMAGES, 2)), about)
    rows, compared = tables(run)
    assert {(row.threshold, row.recall, row.wrong) for row in rows if row.point == "best-f1"} == {(None, None, None)}
    assert compared["gain", "f1_at_best_f1", "15"].value is None
    assert compared["gain", "f1_at_0.25", "15"].value == pytest.approx(2 / 3)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    (tmp_path / "detections" / "sunk.safetensors").unlink()
    with pytest.raises(CorruptRunError, match=r"sunk\.safetensors"):
        write_table(Source(run, Silent()), "operating.csv")
    assert not (tmp_path / "operating.csv").exists()
