"""Shares of BatchNorm statistics and of weights, by hand."""

from pathlib import Path

import numpy as np
import pytest
from support.factories import drawn_dataset

from forgetbench.data.annotations import save_annotations
from forgetbench.derive.batchnorm import batchnorm_rows
from forgetbench.derive.source import Source
from forgetbench.evaluate.detections import gather, save_detections
from forgetbench.files import write_json
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.rows.drift import Adapted, BatchNormRow


def test_scores_and_intervals_of_detections_made_by_hand(tmp_path: Path) -> None:
    """Detections of everything, of the discs alone, and of nothing, on images with one of three classes each."""
    folder, dataset = RunFolder(tmp_path / "run"), drawn_dataset(tmp_path / "images", count=9)
    save_annotations(folder.annotations("f" * 64), dataset)
    for name, found in (("all", (0, 1, 2)), ("discs", (0,)), ("nothing", ())):
        seen = [
            (index, np.array([[*sample.boxes[0], 0.9, sample.classes[0]]], np.float32))
            for index, sample in enumerate(dataset.samples)
            if sample.classes[0] in found
        ]
        path = folder.path / "detections" / f"{name}.safetensors"
        save_detections(path, gather(seen), {"data": "f" * 64, "settings": {"conf": 0.001, "iou": 0.7}})
    named: dict[Adapted, str] = {
        "statistics": "all.safetensors",
        "weights": "nothing.safetensors",
        "both": "discs.safetensors",
    }
    rows = [
        BatchNormRow("m", "m-freeze0-seed0", 0, 1, "one-to-many", adapted, 0.5, None, None, None, file)
        for adapted, file in named.items()
    ]
    original: dict[str, object] = {
        "arm": "original", "model": "m", "epoch": 0, "head": "one-to-many", "detections": "all.safetensors", "ap": 1.0,
        "ap50": 1.0,
    }  # fmt: skip
    others = dict.fromkeys(("freeze_point", "strategy", "seed", "role", "attach"))
    folder.write_table("results.csv", [*original, *others], [original | others])
    folder.write_table("batchnorm.csv", columns_of(BatchNormRow), rows)
    manifest = {"suite": {"evaluation": {"scorer": "hotcoco", "resamples": 200}}, "resampling_seed": 0}
    write_json(folder.path / "manifest.json", manifest)
    statistics, weights, both = batchnorm_rows(Source(folder, Silent(), profiles=False))
    assert (statistics.ap, statistics.forgetting, statistics.low, statistics.high) == (1.0, 0.0, 0.0, 0.0)
    assert (weights.ap, weights.forgetting, weights.low, weights.high) == (0.0, 1.0, 1.0, 1.0)
    assert both.ap == pytest.approx(1 / 3)
    assert both.forgetting == pytest.approx(2 / 3)
    assert both.forgetting is not None
    assert both.low is not None
    assert both.high is not None
    assert 0.4 < both.low <= both.forgetting <= both.high <= 1  # nearly every draw has two or three of the classes
