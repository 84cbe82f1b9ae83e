"""Arms beside the freeze points, from the suite to the tables."""

import json
from typing import Any

import pytest
from support.factories import tiny_suite
from support.reported import model_of

import forgetbench
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.model.checkpoint import load_checkpoint
from forgetbench.record.folder import RunFolder

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
ARMS: list[dict[str, Any]] = [
    {"name": "classify", "strategy": {"only": ["class"]}, "train": {"label_smoothing": 0.1}},
    {"name": "gradual", "freeze_point": "all-but-head", "strategy": {"unfreeze": {2: 15}}},
    {"name": "still", "freeze_point": 15, "strategy": {"freeze": ["batchnorm-statistics"], "layerwise": 0.5}},
    {"name": "scratch", "pretrained": False, "train": {"lr0": 0.01}},
    {"name": "hasty", "freeze_point": "all-but-head", "train": {"lr0": 1e-9, "warmup_epochs": 0.0, "patience": 1}},
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("arms")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORGETBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        suite = tiny_suite(folder, freeze_points=["all-but-head", 15], arms=ARMS)
        return RunFolder(forgetbench.run(suite, output=folder / "runs").path)


def test_every_arm_is_trained_scored_and_charted(finished: RunFolder) -> None:
    results = finished.results()
    strategies = dict(zip(results["strategy"], results["freeze_point"], strict=True))
    assert {name: strategies[name] for name in ("freeze", "classify", "gradual", "still", "scratch")} == {
        "freeze": 15, "classify": 22, "gradual": 15, "still": 15, "scratch": 0,
    }  # fmt: skip
    model = model_of(finished.path)
    labels = model.labels
    assert labels[Treatment(15)] == "15"
    assert labels[Treatment(15, "gradual")] == "gradual (15)"
    assert {point.treatment for point in model.points} == set(labels)
    summary = (finished.path / "summary.md").read_text(encoding="utf-8")
    assert "| arm " in summary
    assert "- classify: freeze point none, only class, label_smoothing 0.1\n" in summary
    assert "- scratch: freeze point none, lr0 0.01, random weights\n" in summary
    assert all(f"| {label} " in summary for label in labels.values())


def test_what_a_head_only_strategy_trains_costs_the_reference_nothing(finished: RunFolder) -> None:
    results = finished.results()
    original = results.loc[results["arm"] == "original", "ap"].item()
    reference = results[results["role"] == "reference"]
    assert set(reference.loc[reference["strategy"] == "classify", "ap"]) == {original}
    null_control = reference[reference["attach"] == "freeze-point"]
    assert set(null_control["ap"]) == {original}
    early = reference[(reference["strategy"] == "gradual") & (reference["epoch"] == 1)]
    assert set(early["ap"]) == {original}  # nothing below the head has moved yet


def test_checkpoints_hold_what_rests_as_the_original_has_it(finished: RunFolder) -> None:
    gradual = [load_checkpoint(finished.checkpoint("tiny-yolov8-gradual-seed0", epoch))[1] for epoch in (1, 2)]
    still = load_checkpoint(finished.checkpoint("tiny-yolov8-still-seed0", 2))[1]
    weight, statistic = "model.15.cv1.conv.weight", "model.15.cv1.bn.running_mean"
    assert not gradual[0][weight].equal(gradual[1][weight])
    assert still[statistic].equal(gradual[0][statistic])
    assert not still[weight].equal(gradual[0][weight])


def test_the_manifest_says_what_each_arm_was(finished: RunFolder) -> None:
    manifest = json.loads((finished.path / "manifest.json").read_text(encoding="utf-8"))
    arms = {arm["strategy"]: arm for arm in manifest["arms"] if arm["strategy"] != "freeze"}
    head_only = next(arm for arm in manifest["arms"] if arm["label"] == "all-but-head (22)")
    assert arms["classify"]["trainable_parameters"] < head_only["trainable_parameters"]
    assert arms["scratch"]["trainable_parameters"] == arms["scratch"]["parameters"]
    assert arms["scratch"]["flops"] == arms["scratch"]["trained_flops"]
    for arm in (arms["scratch"], head_only):
        whole, owned = load_checkpoint(finished.checkpoint(arm["arm"], 2))
        learned = [key for key in owned if not key.endswith(STATISTICS) and ".dfl." not in key]
        assert arm["trainable_parameters"] == sum(owned[key].numel() for key in learned)
        assert len(whole.classes) == len(owned["model.22.cv3.0.2.bias"])
    stopped = {arm["strategy"]: arm["stopped"] for arm in manifest["arms"]}
    assert stopped.pop("hasty") == "no better target AP in 1 evaluations"  # it learns nothing, and only it has patience
    assert set(stopped.values()) == {None}
    assert [arm["name"] for arm in manifest["suite"]["arms"]] == [arm["name"] for arm in ARMS]
