"""Originals that know nothing of COCO: other numbers of classes, other reference data."""

from pathlib import Path

import pytest
import torch
from support.factories import tiny_original
from support.standins import write_stand_in

import forgetbench
from forgetbench.suite.data_section import Data

pytestmark = pytest.mark.usefixtures("charts_not_drawn")


@pytest.mark.parametrize(("count", "shown"), [(365, 12), (1, 1)])
def test_a_model_of_ones_own_is_measured_on_the_data_it_was_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, shown: int
) -> None:
    monkeypatch.setenv("FORGETBENCH_DATA", str(tmp_path / "data"))
    classes = [f"thing {index}" for index in range(count)]
    original = tiny_original(classes=classes)
    torch.save({"model": original.model.half(), "ema": None}, tmp_path / "company.pt")
    reference = Data(format="coco", path="things")
    write_stand_in(tmp_path / "data", reference, classes[:shown], 0, 12)
    write_stand_in(tmp_path / "data", Data(format="voc", path="cells"), ("cell", "other"), 8, 4)
    run = forgetbench.run(
        {
            "name": "own",
            "model": str(tmp_path / "company.pt"),
            "target": {"format": "voc", "path": "cells"},
            "reference": {"format": "coco", "path": "things"},
            "freeze_points": ["all-but-head", "none"],
            "train": {"epochs": 1, "imgsz": 64, "batch": 4, "nbs": 4, "optimizer": "AdamW", "lr0": 0.002},
        },
        output=tmp_path / "runs",
    )
    manifest, results = run.manifest, run.results()
    assert manifest["models"]["company"]["classes"] == classes
    assert manifest["data"]["reference"]["classes"] == classes
    assert manifest["data"]["target"]["classes"] == ["cell", "other"]
    original_ap = results.loc[results["arm"] == "original", "ap"].item()
    null_control = results[results["attach"] == "freeze-point"]
    assert set(null_control["ap"]) == {original_ap}
