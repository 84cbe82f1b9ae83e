"""The shipped suites on the real weights and data, cut short."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import forgetbench
from forgetbench.data.load import load_data
from forgetbench.plan.plan import make_plan
from forgetbench.suite.data_section import Data
from forgetbench.suite.load import load_suite

SUITES = Path(__file__).parents[2] / "suites"
pytestmark = [pytest.mark.assets, pytest.mark.usefixtures("assets", "charts_not_drawn")]


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


def test_shares_are_of_the_branch_with_the_heads_real_width() -> None:
    suite = load_suite(SUITES / "bccd.yaml", ["arms=[{name: scratch, pretrained: false}]"])
    plan = make_plan(suite, device=torch.device("cpu"), train_originals=False)
    shares = {arm.label: round(100 * arm.recipe.trained_share, 1) for arm in plan.arms}
    assert shares == {
        "all-but-head (22)": 28.0, "15": 54.7, "backbone (10)": 59.4, "none (0)": 100.0, "scratch (0)": 100.0
    }  # fmt: skip
    whole = {arm.label: arm.recipe.parts.parameters() for arm in plan.arms}
    assert whole["none (0)"] == whole["all-but-head (22)"] == 3_157_184 - 3 * 77 * (80 + 1)  # 77 rows fewer, thrice
    assert whole["scratch (0)"] == 3_011_417  # a YOLOv8n of three classes, whose class stacks are 64 wide, not 80


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
    assert run.manifest["data"]["target"]["oddities"] == {"polygon-among-boxes": 267, "wrong-paths": 3}


def write_instances(spec: Data, images: Path, annotations: Path, crowd: bool) -> None:
    """Write a dataset's evaluation part as COCO instances with ids of their own; its first box as a crowd if asked."""
    dataset = load_data(spec, role="reference", suite_folder=None).evaluate
    images.mkdir(parents=True)
    annotations.parent.mkdir(parents=True, exist_ok=True)
    listed: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    for number, sample in enumerate(dataset.samples):
        shutil.copy(sample.image, images)
        size = {"width": sample.width, "height": sample.height}
        listed.append({"id": 900 + number, "file_name": sample.image.name, **size})
        for (x1, y1, x2, y2), label in zip(sample.boxes.tolist(), sample.classes.tolist(), strict=True):
            boxes.append(
                {
                    "id": 7 + len(boxes),
                    "image_id": 900 + number,
                    "category_id": 10 + 2 * label,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1) / 2,
                    "iscrowd": int(crowd and not boxes),
                }
            )
    categories = [{"id": 10 + 2 * label, "name": name} for label, name in enumerate(dataset.classes)]
    content = {"images": listed, "annotations": boxes, "categories": categories}
    annotations.write_text(json.dumps(content), encoding="utf-8")


def test_the_papers_suite_runs_on_a_stand_in_of_its_data(
    assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGETBENCH_DATA", str(tmp_path))
    fruit, coco = tmp_path / "fruit_detection_worldwide", tmp_path / "coco"
    spec = Data(format="yolo", path=str(assets / "fruit9"))
    write_instances(spec, fruit / "images", fruit / "annotations.json", crowd=False)
    spec = Data(format="yolo", path=str(assets / "coco-val128"), names="coco", limit=16)
    write_instances(spec, coco / "val2017", coco / "annotations" / "instances_val2017.json", crowd=True)
    overrides = ["train.epochs=1", "train.imgsz=160", "evaluation.imgsz=320", "seeds=[0]", "train.workers=0"]
    run = forgetbench.run(SUITES / "fruit.yaml", overrides=overrides, output=tmp_path / "runs")
    results = run.results()
    original = results.loc[results["arm"] == "original"].iloc[0]
    assert original["ap"] > 0.2
    boxes = sum(len(sample.boxes) for sample in load_data(spec, role="reference", suite_folder=None).evaluate.samples)
    assert (original["images"], original["instances"]) == (16, boxes - 1)
    assert sorted(results["freeze_point"].dropna().unique()) == [0, 10, 15, 22]
    data = run.manifest["data"]
    assert (data["train"]["images"], data["target"]["images"]) == (7, 2)
    # The stand-ins are smaller than what the cards say, and have no box of some of their classes.
    assert data["target"]["oddities"] == {"differs-from-card": 2, "class-without-box": 2}
    assert data["reference"]["oddities"] == {"differs-from-card": 1}
    assert (data["train"]["name"], data["reference"]["name"]) == ("deepfruits", "coco-val2017")
    origin = data["reference"]["origin"]
    assert origin is not None
    assert len(origin["archives"]) == 2
