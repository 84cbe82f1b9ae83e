"""Who does the jobs of a run."""

import inspect
from pathlib import Path

import pytest
import torch
from support.finished_run import small_suite
from support.killed import comparable
from support.other_process import OtherProcess

from forgetbench.plan.plan import make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.progress import Silent
from forgetbench.proof.verify import verify_run
from forgetbench.record.folder import RunFolder
from forgetbench.sweep import train_sessions
from forgetbench.sweep.execute import run_plan
from forgetbench.sweep.executor import LocalExecutor, Site
from forgetbench.sweep.jobs import MeasureDrift, TrainArms

CPU = torch.device("cpu")


def test_jobs_come_after_those_that_they_name(tmp_path: Path) -> None:
    plan = make_plan(read_suite(small_suite(), ()), device=CPU, progress=Silent())
    site = Site(plan, RunFolder(tmp_path), CPU, Silent())
    with pytest.raises(ValueError, match="drift comes before train m, seed 0"):
        LocalExecutor().run([MeasureDrift(after=(TrainArms("m", 0).name,))], site)


@pytest.mark.usefixtures("charts_not_drawn")
def test_a_run_computed_in_another_process_is_the_same(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[object] = []
    monkeypatch.setattr(train_sessions, "TrainingSession", trained.append)  # never made in this process
    plan = make_plan(read_suite(small_suite(), ()), device=CPU, progress=Silent())
    run = run_plan(plan, tmp_path, CPU, Silent(), executor=OtherProcess()).path
    assert not trained
    assert verify_run(run).findings == []
    found, expected = comparable(run), comparable(small_run)
    same = [name for name in expected if name.endswith((".safetensors", ".csv")) and name != "times.csv"]
    assert {name: found[name] for name in same} == {name: expected[name] for name in same}


def test_the_docs_show_this_executor() -> None:
    page = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    for line in inspect.getsource(OtherProcess).splitlines():
        assert line in page or '"""Do all jobs' in line, line
