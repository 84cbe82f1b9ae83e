"""The jobs of a run: which, in which order, and what they leave alone."""

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.scores import ClassRow
from forgetbench.sweep import jobs
from forgetbench.sweep.executor import Site
from forgetbench.sweep.jobs import MeasureDrift, ScoredRows, concluding_jobs, measuring_jobs, write_scores

ARMS = [SimpleNamespace(model=model, seed=seed) for model in "mn" for seed in (0, 3) for _ in range(2)]
PLAN: Any = SimpleNamespace(originals={"m": None, "n": None}, arms=ARMS)


def test_a_model_is_scored_after_all_its_seeds_were_trained() -> None:
    made = measuring_jobs(PLAN)
    assert [(job.name, list(job.after)) for job in made] == [
        ("train m, seed 0", []), ("train m, seed 3", []), ("score m", ["train m, seed 0", "train m, seed 3"]),
        ("train n, seed 0", []), ("train n, seed 3", []), ("score n", ["train n, seed 0", "train n, seed 3"]),
    ]  # fmt: skip
    assert pickle.loads(pickle.dumps(made)) == made  # they can be sent elsewhere


def test_what_rests_on_all_comes_in_turn() -> None:
    assert [(job.name, list(job.after)) for job in concluding_jobs()] == [
        ("drift", []), ("count", []), ("derive", ["drift", "count"]), ("draw", ["derive"]),
    ]  # fmt: skip


@pytest.mark.parametrize("asked", [True, False])
def test_drift_is_measured_only_if_the_suite_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool) -> None:
    budgets: list[float] = []
    monkeypatch.setattr(jobs, "write_drift", lambda *given: budgets.append(given[-1]))
    monkeypatch.setattr(jobs, "free_memory", lambda _device: 4000)
    plan: Any = SimpleNamespace(suite=SimpleNamespace(evaluation=SimpleNamespace(drift=asked)))
    device: Any = None
    MeasureDrift(()).do(Site(plan, RunFolder(tmp_path), device, Silent()))
    assert budgets == ([1000.0] if asked else [])


def test_scores_of_all_jobs_become_one_table(tmp_path: Path) -> None:
    device: Any = None
    site = Site(PLAN, RunFolder(tmp_path), device, Silent())
    site.folder.journal.begin()
    rows = [ClassRow(arm, 1, "target", None, "h", 0, "cat", 0.5, "trained") for arm in ("a", "b")]
    write_scores([ScoredRows(classes=rows[:1]), ScoredRows(classes=rows[1:])], site)
    lines = site.folder.table("per_class.csv").read_text().splitlines()
    assert lines[1:] == ["a,1,target,,h,0,cat,0.5,trained", "b,1,target,,h,0,cat,0.5,trained"]
    assert len(site.folder.table("results.csv").read_text().splitlines()) == 1
