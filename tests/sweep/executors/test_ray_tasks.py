"""What a node does: it looks whether it can, and does a job in the run folder or by way of a store."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from support.divided import divided_plan
from support.small_jobs import SmallJob, begun_run

from forgetbench.errors import InputError
from forgetbench.plan.plan import Plan
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import jobs_done
from forgetbench.sweep.executors.exchange import MANIFEST, Exchange
from forgetbench.sweep.executors.ray_tasks import Asked, Post, do_job, look
from forgetbench.sweep.provenance import software


@pytest.fixture(scope="module")
def plan() -> Plan:
    return divided_plan()


@pytest.fixture
def stays_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Come back to the working folder, which nodes change."""
    monkeypatch.chdir(tmp_path)


def asked_of(run: Path, **changes: Any) -> Asked:
    (run / "mark").write_text("token", encoding="utf-8")
    told: dict[str, Any] = {
        "folder": str(run.parent), "run": str(run), "mark": "mark", "token": "token", "store": None,
        "software": software(), "kind": "cpu", "threads": torch.get_num_threads(),
    }  # fmt: skip
    return Asked(**told | changes)


@pytest.mark.usefixtures("stays_here")
def test_a_node_says_why_it_cannot(plan: Plan, tmp_path: Path) -> None:
    run = begun_run(tmp_path / "suite" / "0123456789ab").path
    assert look(plan, asked_of(run)) is None
    assert Path.cwd() == run.parent
    gone = asked_of(run, folder=str(tmp_path / "gone"))
    assert look(plan, gone) == f"{tmp_path}/gone, the working folder, is not there"
    assert "is not the same folder there" in str(look(plan, asked_of(run, token="another")))
    assert "torch" in str(look(plan, asked_of(run, software=software() | {"torch": "1.0"})))


@pytest.mark.usefixtures("stays_here")
def test_a_store_is_looked_at_as_well(plan: Plan, tmp_path: Path) -> None:
    run = begun_run(tmp_path / "here" / "suite" / "0123456789ab").path
    store = f"file://{tmp_path}/store"
    assert "is not the same folder there" in str(look(plan, asked_of(run, store=store)))  # nothing was sent to it
    Exchange(store, run).send(run, "mark")
    assert look(plan, asked_of(run, store=store)) is None
    assert "no such store" in str(look(plan, asked_of(run, store="nowhere://x")))


@pytest.mark.usefixtures("stays_here")
def test_a_job_is_done_in_the_run_folder(plan: Plan, tmp_path: Path) -> None:
    run, lines = begun_run(tmp_path / "suite" / "0123456789ab").path, list[str]()
    do_job(SmallJob("write"), plan, asked_of(run), [], lines.append)
    assert RunFolder(run).journal.holds(run / "written.csv")
    assert jobs_done(run) == {"job-write"}
    assert any("began beside 1" in line for line in lines)


@pytest.mark.usefixtures("stays_here")
def test_a_node_that_cannot_does_nothing(plan: Plan, tmp_path: Path) -> None:
    run = begun_run(tmp_path / "suite" / "0123456789ab").path
    with pytest.raises(InputError, match=f"{os.uname().nodename}: a node of the cluster cannot do this job; found "):
        do_job(SmallJob("write"), plan, asked_of(run, token="another"), [], print)
    assert jobs_done(run) == set()


@pytest.mark.usefixtures("stays_here")
def test_a_job_gets_its_own_gpu(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    run = begun_run(tmp_path / "suite" / "0123456789ab").path
    do_job(SmallJob("write"), plan, asked_of(run), ["2"], lambda _: None)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2"


@pytest.mark.usefixtures("stays_here")
def test_by_way_of_a_store_nothing_is_written_here_and_all_comes_back(plan: Plan, tmp_path: Path) -> None:
    run = begun_run(tmp_path / "here" / "suite" / "0123456789ab").path
    store = f"file://{tmp_path}/store"
    exchange, asked = Exchange(store, run), asked_of(run, store=store)
    for name in ("mark", MANIFEST):
        exchange.send(run, name)
    before = sorted(path.name for path in run.iterdir())
    do_job(SmallJob("write"), plan, asked, [], lambda _: None)
    assert sorted(path.name for path in run.iterdir()) == before
    exchange.receive_jobs(run, ["job-write"])
    assert RunFolder(run).journal.holds(run / "written.csv")
    assert jobs_done(run) == {"job-write"}


def test_what_jobs_tell_is_kept_until_it_is_taken() -> None:
    post = Post()
    assert post.take() == []
    post.tell("a", "one")
    post.tell("b", "two")
    assert post.take() == [("a", "one"), ("b", "two")]
    assert post.take() == []
