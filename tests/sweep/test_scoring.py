import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.factories import written_suite

from forgetbench.evaluate.detections import gather, save_detections
from forgetbench.evaluate.scorers import SCORERS, GroundTruth, ScorerName
from forgetbench.plan.description import manifest_of
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.suite.load import load_suite
from forgetbench.sweep.provenance import environment
from forgetbench.sweep.scoring import Scorer

CPU = torch.device("cpu")


@pytest.fixture
def plans(tmp_path: Path) -> dict[ScorerName, Plan]:
    """The same suite under either scorer."""
    plan = make_plan(load_suite(written_suite(tmp_path)), device=CPU, train_originals=False)
    return {
        name: replace(plan, suite=plan.suite.model_copy(update={"evaluation": chosen}))
        for name in SCORERS
        for chosen in [plan.suite.evaluation.model_copy(update={"scorer": name})]
    }


def test_the_suite_says_which_scorer_scores(
    plans: dict[ScorerName, Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def spied(name: ScorerName, kind: type[GroundTruth]) -> type[GroundTruth]:
        def precision(self: GroundTruth, rows: np.ndarray, max_det: int) -> np.ndarray:
            used.append(name)
            return kind.precision(self, rows, max_det)

        return type(name, (kind,), {"precision": precision})

    for name, kind in SCORERS.items():
        monkeypatch.setitem(SCORERS, name, spied(name, kind))
    scored = {}
    for name, plan in plans.items():
        scorer = Scorer(plan, "tiny-yolov8", RunFolder(tmp_path / name), CPU, Silent())
        (item,) = scorer.original_items()
        sample = plan.reference["tiny-yolov8"].samples[0]
        box = np.array([[*sample.boxes[0], 0.9, sample.classes[0]]], np.float32)
        path = RunFolder(tmp_path / name).detections(scorer.key(item))
        save_detections(path, gather([(0, box)]), {})
        scored[name] = scorer.score(item), path.name, json.loads(path.with_suffix(".json").read_text())
        assert scorer.score(item) == scored[name][0]  # from disk
    assert used == ["hotcoco", "pycocotools"]
    assert scored["hotcoco"] == scored["pycocotools"]
    ap = scored["hotcoco"][0].ap
    assert ap is not None
    assert ap > 0


def test_the_scorer_and_its_version_are_part_of_the_run(plans: dict[ScorerName, Plan]) -> None:
    assert plans["hotcoco"].run_id() != plans["pycocotools"].run_id()
    for name, plan in plans.items():
        manifest = manifest_of(plan, environment(CPU))
        assert manifest["suite"]["evaluation"]["scorer"] == name
        assert manifest["identity"]["scorer"] == f"{name} {manifest['environment']['packages'][name]}"


@pytest.mark.parametrize(
    "wrong", [{}, {"per_class": None}, {"per_class": {"a": 0.5}}, {"more": 1}, {"per_class": [1]}], ids=str
)
def test_what_a_journal_vouches_for_and_are_no_scores_are_scored_again(
    plans: dict[ScorerName, Plan], tmp_path: Path, wrong: dict[str, object]
) -> None:
    folder = RunFolder(tmp_path / "run")
    scorer = Scorer(plans["hotcoco"], "tiny-yolov8", folder, CPU, Silent())
    (item,) = scorer.original_items()
    path = folder.detections(scorer.key(item))
    save_detections(path, gather([]), {})
    scores = scorer.score(item)
    kept = path.with_suffix(".json")
    content = {**json.loads(kept.read_text(encoding="utf-8")), **wrong} if wrong else {}
    kept.write_text(json.dumps(content), encoding="utf-8")
    folder.journal.add(kept)
    assert scorer.score(item) == scores
    assert json.loads(kept.read_text(encoding="utf-8"))["ap"] == scores.ap
    assert folder.journal.holds(kept)
