"""A Ray cluster of two nodes on this machine does the jobs of a run: the bytes of one process, whatever is lost."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from support.clusters import ray_cluster
from support.divided import differences, divided_plan
from support.recorder import Recorder
from support.small_jobs import SmallJob, begun_run

from forgetbench.errors import DivergedError, InputError, RunError
from forgetbench.plan.plan import Plan
from forgetbench.record.folder import RunFolder
from forgetbench.sweep.execute import run_plan
from forgetbench.sweep.executor import Site
from forgetbench.sweep.executors import on_ray, ray_connection
from forgetbench.sweep.executors.on_ray import RayCluster

pytest.importorskip("ray", reason="needs Ray, which the extra `ray` brings")
CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("charts_not_drawn")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with ray_cluster(2) as made:
        yield made


@pytest.fixture(scope="module")
def plan() -> Plan:
    return divided_plan()


def site_in(folder: Path, plan: Plan) -> tuple[Site, Recorder]:
    told = Recorder()
    return Site(plan, begun_run(folder / "suite" / "0123456789ab"), CPU, told), told


def test_a_node_that_is_lost_costs_no_byte(cluster: Any, divided_alone: Path, tmp_path: Path) -> None:
    plan, told = divided_plan(), Recorder()
    run = tmp_path / plan.suite.name / plan.run_id()

    def lose() -> None:
        until = time.monotonic() + 300
        while time.monotonic() < until and not list(run.glob("sessions/*/state-001.pt")):
            time.sleep(0.02)
        cluster.remove_node(cluster.list_all_nodes()[1], allow_graceful=False)

    loser = threading.Thread(target=lose)
    loser.start()
    assert run_plan(plan, tmp_path, CPU, told, executor=RayCluster(cpus=1)).path == run
    loser.join()
    cluster.add_node(num_cpus=1)
    assert any("lost" in line and "begins again where it stopped (1 of 5 times)" in line for line in told.lines)
    assert differences(divided_alone, run) == []


@pytest.mark.usefixtures("cluster")
def test_nodes_that_share_no_disk_hand_files_over(divided_alone: Path, tmp_path: Path) -> None:
    store = f"file://{tmp_path}/store"
    run = run_plan(divided_plan(), tmp_path / "runs", CPU, Recorder(), executor=RayCluster(1, store=store)).path
    assert differences(divided_alone, run) == []


@pytest.mark.usefixtures("cluster")
def test_a_job_that_fails_is_told_and_the_others_are_done(plan: Plan, tmp_path: Path) -> None:
    site, told = site_in(tmp_path, plan)
    jobs = [SmallJob("fail"), SmallJob("chatter", ("job fail",)), SmallJob("write")]
    with pytest.raises(DivergedError, match="no finite loss"):
        RayCluster(1).run(jobs, site)
    assert RunFolder(site.folder.path).journal.holds(site.folder.path / "written.csv")
    assert any("job fail could not be done, and others go on." in line for line in told.lines)
    assert any("and 1 that rest on them were not begun" in line for line in told.lines)
    assert "counting" in told.tasks


@pytest.mark.usefixtures("cluster")
def test_what_is_asked_of_nodes_is_compared_with_what_they_have(plan: Plan, tmp_path: Path) -> None:
    site, _ = site_in(tmp_path, plan)
    with pytest.raises(InputError, match="no node of the cluster has what a job asks for; expected 64 cores, found "):
        RayCluster(64).run([SmallJob("write")], site)
    with pytest.raises(InputError, match="expected 1 core and 1 of a GPU"):
        RayCluster(1, 1).run([SmallJob("write")], site)


@pytest.mark.usefixtures("cluster")
def test_a_node_with_other_versions_is_refused_at_once(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, _ = site_in(tmp_path, plan)
    monkeypatch.setattr(on_ray, "software", lambda: {"torch": "1.0"})
    with pytest.raises(InputError, match=r"2 nodes of 2 cannot do jobs of this run; .* torch .* instead of 1\.0"):
        RayCluster(1).run([SmallJob("write")], site)
    assert not (site.folder.path / "jobs").exists()
    assert list(site.folder.path.glob(".*.part")) == []


def test_without_a_cluster_it_is_said_how_one_begins(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    site, _ = site_in(tmp_path, plan)
    with pytest.raises(InputError, match=r"no Ray cluster answers.* Start one with `ray start --head`"):
        RayCluster(1).run([SmallJob("write")], site)


def test_a_job_whose_node_has_no_memory_for_it_is_told_as_such(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "RETRIES", 1)
    for module in (on_ray, ray_connection):  # nothing that lives there can answer
        monkeypatch.setattr(module, "SECONDS_TO_ANSWER", 2.0)
    site, told = site_in(tmp_path, plan)
    least = {"memory_usage_threshold": 0.01, "memory_monitor_refresh_ms": 100}  # which every process exceeds
    with ray_cluster(1, _system_config=least), pytest.raises(RunError, match="its node ran out of memory and ended it"):
        RayCluster(1).run([SmallJob("hoard")], site)
    assert any("begins again where it stopped (1 of 1 times)" in line for line in told.lines)
