"""The nodes of a cluster: what a job asks of one, and what is said of those that cannot do it."""

import os
import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import written_suite

from forgetbench.errors import InputError
from forgetbench.model.original import load_original
from forgetbench.plan.models import SHIPPED
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.progress import Silent
from forgetbench.sweep.executors.nodes import (
    MOST_LOADING,
    Demand,
    Node,
    refuse_if_none_fits,
    refuse_unfit,
    what_is_unfit,
)
from forgetbench.sweep.provenance import software

WEIGHTS = SHIPPED / "weights" / "yolov8p-shapes.safetensors"


def node(cpus: float, gpus: float = 0, name: str = "n") -> Node:
    return Node(f"id of {name}", name, cpus, gpus)


@pytest.mark.parametrize("threads", [1, 7])
def test_without_a_gpu_a_job_asks_for_as_many_cores_as_threads(threads: int) -> None:
    assert Demand.usual([node(64, 8)], threads, gpu=False) == Demand(threads, 0)
    assert Demand.usual([], threads, gpu=False) == Demand(threads, 0)


@pytest.mark.parametrize(
    ("nodes", "cpus"),
    [
        ([node(16, 4)], 4),
        ([node(16, 3)], 5),
        ([node(128, 2)], MOST_LOADING),
        ([node(16, 4), node(12, 6), node(64, 1)], 2),  # so that on none a GPU is left without cores
        ([node(2, 8)], 1),
        ([node(64, 0), node(12, 4)], 3),
        ([node(64, 0)], MOST_LOADING),
        ([node(4, 0.5)], MOST_LOADING),
        ([], MOST_LOADING),
    ],
)
def test_with_gpus_a_job_asks_for_one_and_the_cores_there_are_for_each(nodes: list[Node], cpus: int) -> None:
    assert Demand.usual(nodes, 99, gpu=True) == Demand(cpus, 1)


def test_a_node_fits_if_it_has_both_in_all() -> None:
    assert Demand(4, 0.5).fits(node(4, 0.5))
    assert Demand(4).fits(node(4.0))
    assert not Demand(4, 0.5).fits(node(3.9, 8))
    assert not Demand(4, 0.5).fits(node(64, 0.49))
    assert Demand(4, 0.5).options() == {"num_cpus": 4, "num_gpus": 0.5}


@pytest.mark.parametrize(
    ("demand", "said"),
    [
        (Demand(1), "1 core"), (Demand(12), "12 cores"), (Demand(1, 1), "1 core and 1 of a GPU"),
        (Demand(2, 0.25), "2 cores and 0.25 of a GPU"),
    ],
)  # fmt: skip
def test_a_demand_is_said_in_words(demand: Demand, said: str) -> None:
    assert str(demand) == said


def test_what_no_node_has_is_not_waited_for() -> None:
    refuse_if_none_fits(Demand(4, 1), [node(2), node(4, 1)])
    with pytest.raises(InputError) as caught:
        refuse_if_none_fits(Demand(4, 1), [node(4, name="a"), node(2.5, 0.5, name="b")])
    assert str(caught.value) == (
        "no node of the cluster has what a job asks for; expected 4 cores and 1 of a GPU, "
        "found a: 4 cores, 0 GPUs, b: 2.5 cores, 0.5 GPUs. "
        "Ask for less with --job-cpus and --job-gpus, or start such a node first."
    )
    with pytest.raises(InputError, match="found no node"):
        refuse_if_none_fits(Demand(1), [])
    with pytest.raises(InputError) as caught:
        refuse_if_none_fits(Demand(2), [node(1, name=f"node{number}") for number in range(1000)])
    assert "node4" in str(caught.value)
    assert "node5" not in str(caught.value)


def test_unfit_nodes_are_named_each_with_what_is_wrong(tmp_path: Path) -> None:
    refuse_unfit({"a": None, "b": None}, tmp_path)
    refuse_unfit({}, tmp_path)
    found: dict[str, str | None] = {"a": None, "b": "w.pt is not there", "c": "it has torch 1 instead of 2"}
    with pytest.raises(InputError) as caught:
        refuse_unfit(found, tmp_path)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path}: 2 nodes of 3 cannot do jobs of this run; expected the same versions")
    assert "found on b, w.pt is not there; on c, it has torch 1 instead of 2. Put them on a disk" in said
    with pytest.raises(InputError, match=f"1 node of {10**4:d} cannot"):
        refuse_unfit({str(number): None for number in range(10**4 - 1)} | {"x": "bad"}, tmp_path)
    with pytest.raises(InputError) as caught:
        refuse_unfit(dict.fromkeys(map(str, range(100)), "x" * 100), tmp_path)
    assert len(str(caught.value)) < 1000


class Cluster:
    """A run folder, a mark in it, and the plan of a run, as a node reaches them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder / "run"
        self.run.mkdir()
        self.mark, self.token = self.run / ".t.part", "token"
        self.mark.write_text(self.token, encoding="utf-8")
        self.weights = Path(shutil.copy(WEIGHTS, folder / "w.safetensors"))
        suite = written_suite(folder, model=str(self.weights), freeze_points=[22])
        plan = make_plan(read_suite(suite), device=torch.device("cpu"), progress=Silent())
        self.plan: Plan = pickle.loads(pickle.dumps(plan))  # as it comes there

    def unfit(self, **changes: Any) -> str | None:
        """Return what a node says of itself that has the same as here, changed."""
        return what_is_unfit(self.plan, self.mark, self.token, software() | changes)


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_a_node_that_sees_the_same_can_do_the_jobs(cluster: Cluster) -> None:
    assert cluster.unfit() is None
    assert cluster.unfit(**{"what this node does not know": "1"}) is None


def test_other_versions_are_named_and_nothing_else(cluster: Cluster) -> None:
    here = software()["numpy"]
    assert cluster.unfit(numpy="0.1") == f"it has numpy {here} instead of 0.1"
    assert cluster.unfit(numpy=None) == f"it has numpy {here} instead of none"
    said = cluster.unfit(numpy="0.1", python="2.7")
    assert said is not None
    assert said.startswith("it has python ")
    assert said.endswith(f", numpy {here} instead of 0.1")


def test_what_is_missing_there_is_named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    there = software()
    monkeypatch.setattr("forgetbench.sweep.executors.nodes.software", lambda: there | {"scipy": None})
    assert cluster.unfit() == f"it has scipy missing instead of {there['scipy']}"


@pytest.mark.parametrize("mark", ["gone", "other", "empty", "a folder", "a pipe", "vast", "no text", "no run folder"])
def test_a_run_folder_that_is_not_the_same_is_told(cluster: Cluster, mark: str) -> None:
    cluster.mark.unlink()
    if mark == "other":
        cluster.mark.write_text("another token", encoding="utf-8")
    elif mark == "empty":
        cluster.mark.touch()
    elif mark == "a folder":
        cluster.mark.mkdir()
    elif mark == "a pipe":
        os.mkfifo(cluster.mark)
    elif mark == "vast":
        with cluster.mark.open("wb") as file:
            file.truncate(1 << 40)
    elif mark == "no text":
        cluster.mark.write_bytes(b"\xff\xfe\x00")
    elif mark == "no run folder":
        cluster.run.rmdir()
    assert cluster.unfit() == f"{cluster.run} is not the same folder there"


def test_a_run_folder_that_cannot_be_written_is_told(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid() == 0:  # who may write everywhere
        asked: list[object] = []

        def access(path: object, mode: int) -> bool:
            asked.append(path)
            return mode != os.W_OK

        monkeypatch.setattr(os, "access", access)
    cluster.run.chmod(0o555)
    try:
        assert cluster.unfit() == f"{cluster.run} cannot be written there"
    finally:
        cluster.run.chmod(0o755)


@pytest.mark.parametrize("kind", ["gone", "a folder"])
def test_weights_that_are_not_there_are_named(cluster: Cluster, kind: str) -> None:
    cluster.weights.unlink()
    if kind == "a folder":
        cluster.weights.mkdir()
    assert cluster.unfit() == f"{cluster.weights} is not there"


def test_a_model_whose_weights_are_in_no_file_needs_none(cluster: Cluster) -> None:
    cluster.plan.originals.put(replace(load_original(cluster.weights), path=None))
    cluster.weights.unlink()
    assert cluster.unfit() is None


@pytest.mark.parametrize("which", [0, -1])
@pytest.mark.parametrize("role", ["train", "evaluate", "reference"])
def test_images_that_are_not_there_are_named(cluster: Cluster, role: str, which: int) -> None:
    datasets = {"train": cluster.plan.target.train, "evaluate": cluster.plan.target.evaluate}
    dataset = datasets.get(role) or next(iter(cluster.plan.reference.values()))
    image = dataset.samples[which].image
    content = image.read_bytes()
    image.unlink()
    try:
        assert cluster.unfit() == f"{image} is not there"
    finally:
        image.write_bytes(content)
    assert cluster.unfit() is None
