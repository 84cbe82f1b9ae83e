from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import tiny_suite, written_suite

from forgetbench.data.cards.card import LoadedCard
from forgetbench.data.dataset import Dataset
from forgetbench.errors import DataError, InputError, SuiteError
from forgetbench.model.original import save_original
from forgetbench.plan import plan as plan_module
from forgetbench.plan.models import open_untrained
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.suite.load import LoadedSuite, load_suite, suite_from_mapping

CPU = torch.device("cpu")


def planned(folder: Path, family: str = "yolov8", **changes: Any) -> Plan:
    return make_plan(load_suite(written_suite(folder, family, **changes)), device=CPU, train_originals=False)


def test_attach_points_resolve_per_arm(tmp_path: Path) -> None:
    plan = planned(tmp_path, attach_points=["head", "freeze-point", 16])
    resolved = {arm.freeze_point: plan.attach_points(arm) for arm in plan.arms}
    assert resolved[10] == [("head", 22), ("freeze-point", 10), ("16", 16)]
    assert resolved[22] == [("head", 22), ("freeze-point", 22), ("16", 22)]


def test_the_run_is_named_by_what_decides_its_numbers(tmp_path: Path) -> None:
    first = planned(tmp_path)
    assert planned(tmp_path).run_id() == first.run_id()
    assert planned(tmp_path, description="other words").run_id() == first.run_id()
    others: list[dict[str, Any]] = [
        {"train": {"lr0": 0.001}}, {"seeds": [1]}, {"evaluation": {"conf": 0.01}}, {"target": {"seed": 1}},
        {"reference": {"evaluate_images": 7}},
    ]  # fmt: skip
    assert planned(tmp_path, keep=["ring"]).run_id() == first.run_id()
    ids = {planned(tmp_path, **changes).run_id() for changes in others}
    assert len(ids | {first.run_id()}) == len(others) + 1


def test_a_model_with_one_head_is_scored_by_it(tmp_path: Path) -> None:
    assert planned(tmp_path).heads("tiny-yolov8") == ["one-to-many"]


def test_both_heads_are_scored_unless_the_suite_names_one(tmp_path: Path) -> None:
    assert planned(tmp_path, "yolov10").heads("tiny-yolov10") == ["one-to-one", "one-to-many"]
    for head in ("one-to-one", "one-to-many"):
        assert planned(tmp_path, "yolov10", evaluation={"heads": [head]}).heads("tiny-yolov10") == [head]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"freeze_points": ["all-but-head", 22]}, "two freeze points are the same module"),
        ({"freeze_points": [0]}, "the reference arm is not among the freeze points"),
        ({"train": {"pretrained": False}}, "random weights cannot be frozen"),
        ({"attach_points": [23]}, "lies beyond the detection head"),
        ({"arms": [{"name": "a", "pretrained": False, "freeze_point": 10}]}, r"arms\[0\]: random weights cannot"),
        ({"arms": [{"name": "a", "strategy": {"onyl": ["box"]}}]}, r"arms\[0\].strategy.onyl: unknown strategy"),
        ({"arms": [{"name": "a", "freeze_point": 23}]}, r"arms\[0\].freeze_point: freeze point '23' lies beyond"),
        ({"arms": [{"name": "a", "strategy": {"unfreeze": {2: 23}}}]}, r"unfreeze: freeze point '23' lies beyond"),
        ({"arms": [{"name": "a", "strategy": {"only": ["box"]}}]}, "arm 'a': the class rows of a head that is scored"),
    ],
)
def test_contradictions_are_found_before_any_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], problem: str
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("trained before all was checked")

    monkeypatch.setattr(plan_module, "pretrain_original", refuse)
    with pytest.raises(SuiteError, match=problem):
        make_plan(load_suite(written_suite(tmp_path, **changes)), device=CPU)


def test_a_class_to_keep_that_the_reference_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^keep: no such class of the reference.*found 'rin', did you mean 'ring'"):
        planned(tmp_path, keep=["square", "rin"])


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    suite = tiny_suite(tmp_path)
    (tmp_path / "other").mkdir()
    save_original(
        open_untrained(suite["model"], None, ("star", "heart")), tmp_path / "other" / "tiny-yolov8.safetensors"
    )
    suite["models"] = [suite.pop("model"), str(tmp_path / "other" / "tiny-yolov8.safetensors")]
    with pytest.raises(SuiteError, match="two models have the same name"):
        make_plan(LoadedSuite(suite_from_mapping(suite), tmp_path / "s.yaml", ()), device=CPU, train_originals=False)


def test_weights_decide_the_classes_of_the_reference(tmp_path: Path) -> None:
    suite = tiny_suite(tmp_path)
    weights = tmp_path / "known.safetensors"
    save_original(open_untrained(suite["model"], None, ("star", "heart")), weights)
    plan = planned(tmp_path, model=str(weights))
    (reference,) = plan.reference.values()
    assert isinstance(reference, Dataset)
    assert reference.classes == ("star", "heart")
    assert plan.reports["reference"].counts()["class-unknown-to-model"] == 12


def test_what_is_still_to_be_trained_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    assert planned(tmp_path).untrained == {"tiny-yolov8": 16}
    trained = make_plan(load_suite(written_suite(tmp_path)), device=CPU)
    assert trained.untrained == {}
    again = planned(tmp_path)
    assert again.untrained == {}
    assert again.run_id() == trained.run_id()


def test_only_a_run_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetch(found: LoadedCard, _progress: object) -> Path:
        asked.append(found.card.name)
        raise DataError("no network")

    monkeypatch.setattr("forgetbench.data.cards.download.fetch", fetch)
    monkeypatch.setenv("FORGETBENCH_DATA", str(tmp_path))
    monkeypatch.delenv("FORGETBENCH_ASSETS", raising=False)
    target = {"card": "deepfruits", "format": None, "world": None}
    loaded = load_suite(written_suite(tmp_path, target=target))
    with pytest.raises(DataError, match=r"data not found.*Run 'forgetbench data fetch deepfruits'.*Download https://"):
        make_plan(loaded, device=CPU, train_originals=False)
    assert asked == []
    with pytest.raises(DataError, match="no network"):
        make_plan(loaded, device=CPU)
    assert asked == ["deepfruits"]


def test_a_wrong_arm_is_found_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("fetched before all was checked")

    monkeypatch.setattr("forgetbench.data.cards.download.fetch", refuse)
    target = {"card": "deepfruits", "format": None, "world": None}
    suite = written_suite(tmp_path, target=target, arms=[{"name": "a", "strategy": {"onyl": ["head"]}}])
    with pytest.raises(SuiteError, match="unknown strategy"):
        make_plan(load_suite(suite), device=CPU)


def test_all_attach_points_are_head_every_module_between_and_the_freeze_point(tmp_path: Path) -> None:
    plan = planned(tmp_path, attach_points="all")
    for arm in plan.arms:
        names, indices = zip(*plan.attach_points(arm), strict=True)
        assert names == ("head", *map(str, range(21, 0, -1)), "freeze-point")
        assert indices == (22, *(max(index, arm.freeze_point) for index in range(21, 0, -1)), arm.freeze_point)
