"""The jobs of a run: which, in which order, and what they leave alone."""

import pickle
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from support.finished_run import small_suite

from forgetbench.plan.plan import make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.progress import Silent
from forgetbench.proof.verify import verify_run
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import job_journals
from forgetbench.record.rows.scores import ClassRow
from forgetbench.sweep import jobs
from forgetbench.sweep.execute import run_plan
from forgetbench.sweep.executor import Site, do_apart
from forgetbench.sweep.jobs import (
    MeasureDrift,
    ScoreArms,
    ScoredRows,
    concluding_jobs,
    measuring_jobs,
    separate_jobs,
    write_scores,
)
from forgetbench.sweep.stages import prepare
from forgetbench.sweep.standing import folder_of

CPU = torch.device("cpu")
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


def test_what_several_processes_do_is_each_seeds_training_and_then_its_scoring() -> None:
    made = separate_jobs(PLAN)
    assert [[(job.name, list(job.after), job.place) for job in session] for session in made] == [
        [
            (f"train {model}, seed {seed}", [], f"train-{model}-seed{seed}"),
            (f"score {model}, seed {seed}", [f"train {model}, seed {seed}"], f"score-{model}-seed{seed}"),
        ]
        for model in "mn"
        for seed in (0, 3)
    ]
    originals = [job for session in made for job in session if isinstance(job, ScoreArms) and job.original]
    assert [(job.model, job.seed) for job in originals] == [("m", 0), ("n", 0)]
    assert pickle.loads(pickle.dumps(made)) == made


@pytest.mark.usefixtures("charts_not_drawn")
def test_no_file_is_made_by_two_jobs_and_nothing_is_left_to_evaluate(tmp_path: Path) -> None:
    suite = small_suite(seeds=[0, 1])
    suite["train"]["epochs"] = 1
    plan = make_plan(read_suite(suite, ()), device=CPU, progress=Silent())
    folder = folder_of(plan, tmp_path)
    with folder.lock():
        prepare(plan, folder, CPU, Silent())
    for session in reversed(separate_jobs(plan)):  # so that nothing is there yet that the first seed's job makes
        for job in session:
            do_apart(job, plan, folder.path, CPU, Silent())
    made = {path.parent.name: set(read_lines(path)) for path in job_journals(folder.path)}
    first, second = (f"score-yolov8p-shapes-seed{seed}" for seed in (0, 1))
    assert sorted(made) == [first, second, *(f"train-yolov8p-shapes-seed{seed}" for seed in (0, 1))]
    assert all(made.values())
    assert not [pair for pair in combinations(made, 2) if made[pair[0]] & made[pair[1]]]
    evaluated = set((folder.path / "detections").glob("*.safetensors"))
    run_plan(plan, tmp_path, CPU, Silent())
    assert set((folder.path / "detections").glob("*.safetensors")) == evaluated
    assert verify_run(folder.path).findings == []
    shared = folder.results().query("arm == 'original'")["detections"].item()
    assert f"detections/{shared}" in made[first]  # in the other seed's rows as well, at freeze points


def read_lines(journal: Path) -> Iterator[str]:
    """Yield the names that a journal has a line of."""
    for line in journal.read_text("utf-8").splitlines():
        yield line.partition("  ")[2]
