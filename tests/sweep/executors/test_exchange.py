"""Handing files over in a store: what a job finished goes on elsewhere, and what came in part is made again."""

import os
import sys
from pathlib import Path

import pytest

from forgetbench.errors import InputError, RunError
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import doing, jobs_done, mark_done
from forgetbench.sweep.executors.exchange import Exchange

JOB = "train-yolov8n-seed0"


@pytest.fixture(params=["file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"file://{tmp_path}/store" if request.param == "file" else f"memory://{tmp_path.name}/runs"


def run_in(folder: Path) -> Path:
    return folder / "fruit" / "0123456789ab"


def work(folder: Path, exchange: Exchange, files: dict[str, str], drop: tuple[str, ...] = ()) -> None:
    """Do a part of a job: write files, take others out of the run."""
    with doing(folder, JOB):
        run = RunFolder(folder, job=JOB)
        run.journal.begin_job()
        run.journal.told = exchange.sender(folder, JOB)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            run.journal.add(path)
        run.journal.drop([folder / name for name in drop])


def received(exchange: Exchange, folder: Path) -> dict[str, bool]:
    """Return what another machine has of the job, and whether it can use it."""
    exchange.receive_jobs(folder, [JOB])
    journal = RunFolder(folder).journal
    return {path.relative_to(folder).as_posix(): journal.holds(path) for path in journal.within(folder)}


def test_what_a_job_finished_is_there_elsewhere_at_once(url: str, tmp_path: Path) -> None:
    here, there, last = (run_in(tmp_path / place) for place in ("here", "there", "last"))
    exchange = Exchange(url, here)
    work(here, exchange, {"sessions/s/state-001.pt": "one", "checkpoints/a/epoch-001.safetensors": "weights"})
    assert received(Exchange(url, there), there) == {
        "sessions/s/state-001.pt": True,
        "checkpoints/a/epoch-001.safetensors": True,
    }
    # which goes on there, and is lost there as well
    work(there, Exchange(url, there), {"sessions/s/state-002.pt": "two"}, drop=("sessions/s/state-001.pt",))
    assert received(Exchange(url, last), last) == {
        "sessions/s/state-002.pt": True,
        "checkpoints/a/epoch-001.safetensors": True,
    }
    assert not (last / "sessions/s/state-001.pt").exists()


def test_a_file_that_came_in_part_is_not_used(url: str, tmp_path: Path) -> None:
    here, there = run_in(tmp_path / "here"), run_in(tmp_path / "there")
    exchange = Exchange(url, here)
    work(here, exchange, {"a.json": "whole", "b.json": "whole"})
    (here / "a.json").write_text("who")
    exchange.send(here, "a.json")
    exchange.remove("b.json")
    assert received(Exchange(url, there), there) == {"a.json": False, "b.json": False}


def test_runs_in_one_store_know_nothing_of_each_other(url: str, tmp_path: Path) -> None:
    here = run_in(tmp_path / "here")
    work(here, Exchange(url, here), {"a.json": "whole"})
    other = tmp_path / "here" / "fruit" / "ba9876543210"
    assert received(Exchange(url, other), other) == {}


def test_the_mark_of_a_job_is_handed_over(url: str, tmp_path: Path) -> None:
    here, there = run_in(tmp_path / "here"), run_in(tmp_path / "there")
    exchange = Exchange(url, here)
    work(here, exchange, {})
    exchange.receive_jobs(there, [JOB])
    assert jobs_done(there) == set()
    mark_done(here, JOB, {})
    exchange.send_mark(here, JOB)
    exchange.receive_jobs(there, [JOB])
    assert jobs_done(there) == {JOB}


@pytest.mark.parametrize("url", ["nowhere://bucket/runs", "http+unix+x://", "s3s3://a"])
def test_a_store_of_no_known_kind_is_refused_in_a_line(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--store: no such store; expected a URL that fsspec knows") as caught:
        Exchange(url, run_in(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_store_whose_package_is_missing_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError, match="s3fs"):
        Exchange("s3://bucket/runs", run_in(tmp_path))


def test_a_store_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    here = run_in(tmp_path / "here")
    here.mkdir(parents=True)
    (here / "manifest.json").write_text("{}")
    with pytest.raises(RunError, match=f"file://{tmp_path}/store: the store cannot be used"):
        Exchange(f"file://{tmp_path}/store", here).send(here, "manifest.json")


def test_what_is_not_there_is_not_received(url: str, tmp_path: Path) -> None:
    there = run_in(tmp_path / "there")
    assert not Exchange(url, there).receive(there, "manifest.json")
    assert [name for _, _, names in os.walk(there) for name in names] == []
