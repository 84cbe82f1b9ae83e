"""What arms bring with them, from the suite to the run's identity, and a whole run with a package's strategies."""

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from support import strategies
from support.factories import tiny_suite
from support.packages import install

import forgetbench
from forgetbench.errors import SuiteError
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.proof.verify import verify_run
from forgetbench.suite.load import LoadedSuite, suite_from_mapping

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

SUPPORT = Path(strategies.__file__).parent
SMALL: dict[str, Any] = {"freeze_points": ["all-but-head"], "evaluation": {"resamples": 0, "drift": False}}


def offer(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str = "1.2") -> None:
    """Install a package with two strategies in place of one of another version."""
    name = f"fb-offer-{version}"
    for module in ("distil", "replay"):
        monkeypatch.delitem(sys.modules, f"fb_{module}", raising=False)
        source = (SUPPORT / f"{module}.py").read_text(encoding="utf-8")
        kind = {"distil": {"old-head": "OldHead"}, "replay": {"replay": "Replay"}}[module]
        install(folder / name, f"fb-{module}", version, kind, source)
    monkeypatch.syspath_prepend(folder / name)


def plan_of(folder: Path, **changes: Any) -> Plan:
    suite = suite_from_mapping(tiny_suite(folder, **{**SMALL, **changes}))
    loaded = LoadedSuite(suite, folder / "suite.yaml", ())
    return make_plan(loaded, device=torch.device("cpu"), train_originals=False)


def arm(**strategy: Any) -> list[dict[str, Any]]:
    named = {name.replace("_", "-"): options for name, options in strategy.items()}
    return [{"name": "kept", "freeze_point": "backbone", "strategy": named}]


def test_identity_names_packages_and_further_images_only_of_suites_that_use_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = plan_of(tmp_path, arms=arm(l2_sp=0.1))
    without = plain.identity()
    with monkeypatch.context() as patch:
        offer(tmp_path, patch)
        assert plan_of(tmp_path, arms=arm(l2_sp=0.1)).identity() == without
        assert without.keys().isdisjoint({"packages", "further"})
        distilled = plan_of(tmp_path, arms=arm(old_head=1.0)).identity()
        assert distilled["packages"] == {"old-head": "fb-distil 1.2"}
        assert "further" not in distilled
        replayed = plan_of(tmp_path, arms=arm(replay=4))
        (name,) = (arm.name for arm in replayed.arms if arm.strategy == "kept")
        (source,) = (source for arm in replayed.arms for _, source in arm.recipe.sources)
        assert len(source.dataset.samples) == 4
        assert replayed.identity()["further"] == {name: [source.dataset.fingerprint()]}
    offer(tmp_path, monkeypatch, "1.3")
    newer = plan_of(tmp_path, arms=arm(old_head=1.0))
    assert newer.identity() == {**distilled, "packages": {"old-head": "fb-distil 1.3"}}


def test_further_images_have_the_original_s_classes_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(tmp_path, monkeypatch)
    plan = plan_of(tmp_path, arms=arm(replay=4), seeds=[0, 1])
    (original,) = plan.originals.values()
    datasets = [source.dataset for arm in plan.arms for _, source in arm.recipe.sources]
    assert [dataset.classes for dataset in datasets] == [original.classes] * 2
    assert datasets[0].fingerprint() != datasets[1].fingerprint()  # each seed has its own memory
    assert plan_of(tmp_path, arms=arm(replay=4), seeds=[0, 1]).run_id() == plan.run_id()
    assert pickle.loads(pickle.dumps(plan)).run_id() == plan.run_id()


def test_a_reference_without_a_part_to_train_on_is_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forgetbench.data.load import load_data as load

    def without_train(*given: Any, role: str, **named: Any) -> Any:
        from dataclasses import replace

        loaded = load(*given, role=role, **named)  # type: ignore[arg-type]
        return replace(loaded, train=None) if role == "reference" else loaded

    offer(tmp_path, monkeypatch)
    monkeypatch.setattr("forgetbench.plan.plan.load_data", without_train)
    with pytest.raises(SuiteError, match=r"arms\[0\]\.strategy\.replay: trains on the reference's training part"):
        plan_of(tmp_path, arms=arm(replay=4))


def test_a_whole_run_with_a_package_s_strategies_is_made_verified_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(tmp_path, monkeypatch)
    suite = tiny_suite(tmp_path, **SMALL, arms=arm(old_head=0.5, replay=4))
    run = forgetbench.run(suite, output=tmp_path / "runs")
    manifest = json.loads((run.path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["identity"]["packages"] == {"old-head": "fb-distil 1.2", "replay": "fb-replay 1.2"}
    losses = (run.path / "losses.csv").read_text(encoding="utf-8")
    assert ",old-head," in losses
    assert ",replay," in losses
    assert set(run.results()["strategy"].dropna()) >= {"freeze", "kept"}
    assert verify_run(run.path).findings == []
    assert forgetbench.run(suite, output=tmp_path / "runs").path == run.path
