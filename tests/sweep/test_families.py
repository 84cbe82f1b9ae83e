"""The same code on every family: indices are read from the model, arms train, and both data are scored."""

from pathlib import Path

import pytest
import torch
from support.factories import FAMILIES, tiny_original, tiny_suite

import forgetbench
from forgetbench.model import yolo
from forgetbench.model.original import load_original
from forgetbench.ship.export import export_run

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

#: Index of the head and of the first neck module, and whether the head has one-to-one stacks.
FACTS = {
    "yolov5": (24, 10, False), "yolov8": (22, 10, False), "yolov9": (22, 10, False), "yolov10": (23, 11, True),
    "yolo11": (23, 11, False), "yolo12": (21, 9, False), "yolo26": (23, 11, True),
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_indices_are_read_from_the_model(family: str) -> None:
    original = tiny_original(family)
    assert (original.head, original.neck, yolo.has_two_heads(original.model)) == FACTS[family]


@pytest.mark.parametrize("family", FAMILIES)
def test_an_arm_of_every_family_trains_and_is_scored(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    head, neck, two_heads = FACTS[family]
    run = forgetbench.run(
        tiny_suite(
            tmp_path,
            family,
            freeze_points=["all-but-head", "backbone"],
            arms=[{"name": "classify", "strategy": {"only": ["class"]}}],
            train={"epochs": 1},
            pretrain={"epochs": 1},
        ),
        output=tmp_path / "runs",
    )
    results = run.results()
    assert set(results["head"]) == ({"one-to-one", "one-to-many"} if two_heads else {"one-to-many"})
    arms = results[results["arm"] != "original"]
    assert set(arms["freeze_point"]) == {head, neck}
    for scored, rows in results.groupby("head"):
        original = rows.loc[rows["arm"] == "original", "detections"].item()
        reference = rows[rows["role"] == "reference"]
        untouched = reference[(reference["attach"] == "freeze-point") | (reference["freeze_point"] == head)]
        assert set(untouched["detections"]) == {original}, scored
        deep = reference[(reference["freeze_point"] == neck) & (reference["attach"] == "head")]
        assert set(deep["detections"]).isdisjoint({original})
    assert arms["ap"].notna().all()
    for scored in sorted(set(results["head"])):  # and each of its heads is taken home, where it detects the same
        made = export_run(
            run.path, tmp_path / f"{scored}.pt", arm="backbone", head=scored, check="full",
            overrides=[f"models=[{tmp_path / f'tiny-{family}.yaml'}]"],
        )  # fmt: skip
        assert [one.alike for one in made.compared] == [True, True]


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_of_every_family_are_opened_from_a_pickle(tmp_path: Path, family: str) -> None:
    original = tiny_original(family)
    path = tmp_path / f"{family}.pt"
    torch.save({"model": original.model.half(), "ema": None, "train_args": {}}, path)
    original.model.float()
    opened = load_original(path)
    assert opened.weights_hash() == original.weights_hash()
    assert opened.classes == original.classes
