"""Which executor a command asks for, and what does not go together."""

import builtins
from typing import Any

import pytest

from forgetbench.errors import InputError
from forgetbench.sweep.executors.choice import MOST_JOBS, choose_executor
from forgetbench.sweep.executors.processes import Processes


@pytest.mark.parametrize("in_shards", [False, True])
def test_alone_or_as_a_shard_this_process_does_all(in_shards: bool) -> None:
    assert choose_executor(None, jobs=1, in_shards=in_shards) is None


@pytest.mark.parametrize("jobs", [2, 3, MOST_JOBS])
def test_several_jobs_at_once_are_several_processes(jobs: int) -> None:
    assert isinstance(choose_executor(None, jobs=jobs, in_shards=False), Processes)


@pytest.mark.parametrize("jobs", [0, -1, MOST_JOBS + 1, 10**30])
def test_a_number_of_jobs_that_is_none_is_refused(jobs: int) -> None:
    with pytest.raises(InputError, match=f"^--jobs: no such number of jobs; expected 1 to {MOST_JOBS}, found {jobs}"):
        choose_executor(None, jobs=jobs, in_shards=False)


@pytest.mark.parametrize("name", ["", "Ray", "slurm", "ray ", "../ray"])
def test_an_executor_that_is_not_known_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        choose_executor(name, jobs=1, in_shards=False)
    assert str(caught.value) == f"--executor: no such executor; expected ray, found {name}"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"jobs": 2, "in_shards": True}, "--jobs and --shard"),
        ({"name": "ray", "jobs": 2}, "--jobs and --executor"),
        ({"name": "ray", "in_shards": True}, "--shard and --executor"),
        ({"name": "ray", "jobs": 9, "in_shards": True, "job_cpus": 1}, "--jobs and --shard and --executor"),
    ],
)
def test_jobs_are_handed_out_in_one_way(asked: dict[str, Any], found: str) -> None:
    given: dict[str, Any] = {"name": None, "jobs": 1, "in_shards": False, **asked}
    with pytest.raises(InputError) as caught:
        choose_executor(given.pop("name"), **given)
    assert str(caught.value) == (
        f"jobs are handed out in one way at a time; expected one of these options, found {found}"
    )


@pytest.mark.parametrize("asked", [{"job_cpus": 1}, {"job_gpus": 0.0}, {"job_gpus": 0.5, "job_cpus": 4}])
def test_what_a_job_asks_of_a_node_needs_a_cluster(asked: dict[str, Any]) -> None:
    for jobs in (1, 2):
        with pytest.raises(InputError, match="there is no cluster to ask; expected --executor ray as well"):
            choose_executor(None, jobs=jobs, in_shards=False, **asked)


def test_without_ray_all_else_works(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def no_ray(name: str, *given: Any, **named: Any) -> Any:
        if name == "ray" or name.startswith("ray."):
            raise ImportError(name)
        return usual(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", no_ray)
    assert choose_executor("ray", jobs=1, in_shards=False, job_cpus=2, job_gpus=0.5) is not None
    assert choose_executor(None, jobs=2, in_shards=False) is not None
