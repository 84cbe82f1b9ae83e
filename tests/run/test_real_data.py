"""The shipped suites on the real weights and data, cut short."""

from pathlib import Path

import pandas as pd
import pytest

import forgetbench

SUITES = Path(__file__).parents[2] / "suites"
pytestmark = [pytest.mark.assets, pytest.mark.usefixtures("assets")]


def test_blood_cells_cost_coco_what_the_attach_point_says(tmp_path: Path) -> None:
    overrides = [
        "train.epochs=1",
        "train.imgsz=192",
        "reference.limit=24",
        "freeze_points=[22, 15, 10]",
        "train.nbs=16",
    ]
    run = forgetbench.run(SUITES / "bccd.yaml", overrides=overrides, output=tmp_path)
    reference = run.results().query("role == 'reference'")
    original = reference.loc[reference["arm"] == "original", "ap"].item()
    assert original > 0.2
    ap = reference[reference["arm"] != "original"].set_index(["freeze_point", "attach"])["ap"]
    assert ap[22, "head"] == ap[22, "freeze-point"] == original
    for point in (15, 10):
        assert ap[point, "freeze-point"] == original
        assert original - ap[point, "head"] > 0.05


def test_messy_fruit_runs_and_each_oddity_is_reported(tmp_path: Path) -> None:
    overrides = ["train.epochs=1", "train.imgsz=192", "reference.limit=8", "freeze_points=[all-but-head]"]
    run = forgetbench.run(SUITES / "fruit9.yaml", overrides=overrides, output=tmp_path)
    odd = pd.read_csv(run.path / "oddities.csv")
    assert odd.groupby(["role", "kind"]).size().to_dict() == {
        ("target", "polygon-among-boxes"): 267,
        ("target", "wrong-paths"): 3,
    }
    polygons = odd[odd["kind"] == "polygon-among-boxes"]
    assert polygons["file"].str.endswith(".txt").all()
    assert polygons["detail"].str.match(r"line \d+: polygon replaced by its bounding box").all()
    assert run.read_manifest()["data"]["target"]["oddities"] == {"polygon-among-boxes": 267, "wrong-paths": 3}
