"""Who does the jobs of a run: this process, or others, with the same outcome."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from forgetbench.sweep.executor import Site, do_in_turn

CPU = torch.device("cpu")


NO_PLAN: Any = None
SITE = Site(NO_PLAN, RunFolder(Path()), torch.device("cpu"), Silent())


@dataclass(frozen=True)
class Told:
    """A job that notes that it was done, and gives its name in capitals."""

    name: str
    done: list[str]
    after: Sequence[str] = ()

    def do(self, site: Any) -> str:
        assert site is SITE
        self.done.append(self.name)
        return self.name.upper()


def test_jobs_are_done_in_order_and_give_what_they_give() -> None:
    done: list[str] = []
    jobs = [Told("a", done), Told("b", done, ["a"]), Told("c", done, ["a", "b"])]
    assert do_in_turn(jobs, SITE) == {"a": "A", "b": "B", "c": "C"}
    assert done == ["a", "b", "c"]
    assert do_in_turn([], SITE) == {}


def test_a_job_whose_time_has_not_come_is_not_done() -> None:
    done: list[str] = []
    with pytest.raises(ValueError, match="b comes before x, y"):
        do_in_turn([Told("a", done), Told("b", done, ["x", "a", "y"])], SITE)
    assert done == ["a"]


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
        assert line in page or '"""Have each job' in line, line
