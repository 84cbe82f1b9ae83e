"""Datasets of a run and their draws: read, drawn and matched once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.scored_run import IMAGES, found, tables, write_run

from forgetbench.data.dataset import Dataset
from forgetbench.derive import resampling
from forgetbench.derive.resampling import Resampling
from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.matching import match

#: All that draws need of one.
MANIFEST: Any = {"resampling_seed": 0, "suite": {"evaluation": {"resamples": 40}}}


def test_each_network_is_matched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def counted(data: Dataset, detections: Detections) -> object:
        sizes.append(len(detections))
        return match(data, detections)

    monkeypatch.setattr(resampling, "match", counted)
    rows, _ = tables(write_run(tmp_path / "some"))
    assert sorted(sizes) == [0, 16, 16, 16]
    sizes.clear()
    without, compared = tables(write_run(tmp_path / "none", resamples=0))
    assert sorted(sizes) == [0, 8, 16, 16]  # of what sank, only what lies above 0.25
    assert without == rows
    lost = compared["forgetting", "recall_at_best_f1", "15"]
    assert (lost.value, lost.low, lost.high) == (1.0, None, None)


def test_datasets_are_read_once_and_draws_are_of_all_images(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    resamples = Resampling(run, MANIFEST, 5)
    dataset, drawn = resamples.of("target")
    assert (len(dataset.samples), drawn.shape) == (IMAGES, (IMAGES, 5))
    assert drawn.sum(axis=0).tolist() == [IMAGES] * 5
    run.annotations("target").unlink()
    assert resamples.of("target")[0] is dataset
    with pytest.raises(CorruptRunError, match="absent"):
        resamples.of("absent")


def test_without_resamples_only_what_lies_above_a_score_is_matched(tmp_path: Path) -> None:
    resamples = Resampling(write_run(tmp_path), MANIFEST, 0)
    right, wrong = (resamples.match(found(0.8, 0.4), "target", above) for above in (0.5, 0.9))
    (of_class,) = right.of_classes
    assert len(of_class.score) == IMAGES
    assert all(len(one.score) == 0 for one in wrong.of_classes)


def test_ap_of_every_resample_of_a_perfect_network_is_one(tmp_path: Path) -> None:
    resamples = Resampling(write_run(tmp_path), MANIFEST, 4)
    made = resamples.ap(resamples.match(found(0.8), "target").of_classes, "target")
    assert np.allclose(made.ap, 1)
