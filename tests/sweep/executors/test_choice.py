"""Which executor a command asks for, and what does not go together."""

import builtins
from typing import Any

import pytest

from forgetbench.errors import InputError
from forgetbench.sweep.executors.choice import MOST_JOBS, Division
from forgetbench.sweep.executors.processes import Processes


@pytest.mark.parametrize("shard", [None, "1/2", "auto"])
def test_alone_or_as_a_shard_this_process_does_all(shard: str | None) -> None:
    assert Division(shard=shard).executor_chosen() is None


@pytest.mark.parametrize("jobs", [2, 3, MOST_JOBS])
def test_several_jobs_at_once_are_several_processes(jobs: int) -> None:
    assert isinstance(Division(jobs).executor_chosen(), Processes)


@pytest.mark.parametrize("jobs", [0, -1, MOST_JOBS + 1, 10**30])
def test_a_number_of_jobs_that_is_none_is_refused(jobs: int) -> None:
    with pytest.raises(InputError, match=f"^--jobs: no such number of jobs; expected 1 to {MOST_JOBS}, found {jobs}"):
        Division(jobs).executor_chosen()


@pytest.mark.parametrize("name", ["", "Ray", "slurm", "ray ", "../ray"])
def test_an_executor_that_is_not_known_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        Division(executor=name).executor_chosen()
    assert str(caught.value) == f"--executor: no such executor; expected ray, found {name}"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"jobs": 2, "shard": "1/2"}, "--jobs and --shard"),
        ({"executor": "ray", "jobs": 2}, "--jobs and --executor"),
        ({"executor": "ray", "shard": "1/2"}, "--shard and --executor"),
        ({"executor": "ray", "jobs": 9, "shard": "1/2", "job_cpus": 1}, "--jobs and --shard and --executor"),
    ],
)
def test_jobs_are_handed_out_in_one_way(asked: dict[str, Any], found: str) -> None:
    with pytest.raises(InputError) as caught:
        Division(**asked).executor_chosen()
    assert str(caught.value) == (f"jobs are divided in one way at a time; expected one of these options, found {found}")


@pytest.mark.parametrize(
    "asked", [{"job_cpus": 1}, {"job_gpus": 0.0}, {"job_gpus": 0.5, "job_cpus": 4}, {"store": "s3://a"}]
)
def test_what_a_job_asks_of_a_node_needs_a_cluster(asked: dict[str, Any]) -> None:
    for jobs in (1, 2):
        with pytest.raises(
            InputError, match="--job-cpus, --job-gpus, --store: no cluster is asked; expected --executor"
        ):
            Division(jobs, **asked).executor_chosen()


def test_without_ray_all_else_works(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def no_ray(name: str, *given: Any, **named: Any) -> Any:
        if name == "ray" or name.startswith("ray."):
            raise ImportError(name)
        return usual(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", no_ray)
    assert Division(executor="ray", job_cpus=2, job_gpus=0.5).executor_chosen() is not None
    assert Division(2).executor_chosen() is not None
