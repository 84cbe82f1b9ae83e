"""What is written before anything is trained, and what becomes of what jobs did elsewhere."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.finished_run import small_suite
from support.held import held_by_another

from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import job_place, jobs_done, mark_done
from forgetbench.record.seal import read_seal
from forgetbench.sweep import stages
from forgetbench.sweep.executor import Site
from forgetbench.sweep.jobs import separate_jobs
from forgetbench.sweep.stages import finish, prepare
from forgetbench.sweep.standing import folder_of

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(read_suite(small_suite(seeds=[0, 1]), ()), device=CPU, progress=Silent())


def prepared(plan: Plan, output: Path, *, joins: bool = False) -> RunFolder:
    folder = folder_of(plan, output)
    with folder.lock(beside_jobs=joins):
        prepare(plan, folder, CPU, Silent(), joins=joins)
    return folder


def test_what_is_prepared_is_finished_and_prepared_again_the_same(plan: Plan, tmp_path: Path) -> None:
    folder = prepared(plan, tmp_path)
    names = {path.relative_to(folder.path).as_posix() for path in folder.journal.within(folder.path)}
    assert {"manifest.json", "oddities.csv"} < names
    assert {name.split("/")[0] for name in names} == {"manifest.json", "oddities.csv", "annotations"}
    before = {name: (folder.path / name).read_bytes() for name in names}
    (folder.path / "detections" / "unfinished").mkdir(parents=True)
    assert prepared(plan, tmp_path).read_manifest() == folder.read_manifest()
    assert {name: (folder.path / name).read_bytes() for name in names} == before
    assert not (folder.path / "detections" / "unfinished").exists()


def test_who_joins_leaves_the_manifest_as_it_is_and_others_jobs_alone(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepared(plan, tmp_path).path
    before = (run / "manifest.json").read_bytes()
    monkeypatch.setattr("forgetbench.sweep.provenance.available_cores", lambda: 9999)
    with held_by_another(job_place(run, "a")):
        scratch = job_place(run, "a") / "unfinished" / "0"
        scratch.parent.mkdir()
        scratch.touch()
        prepared(plan, tmp_path, joins=True)
        assert (run / "manifest.json").read_bytes() == before
        assert scratch.exists()
    prepared(plan, tmp_path)
    assert (run / "manifest.json").read_bytes() != before
    assert not scratch.exists()


def test_jobs_are_handed_out_and_what_was_otherwise_there_is_kept(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(plan, tmp_path)
    asked: list[Any] = []

    class Elsewhere:
        """Marks all jobs as done; nothing is left for this process, as all that would do it is taken away."""

        def run(self, jobs: Any, site: Site) -> None:
            asked.extend(jobs)
            for number, job in enumerate(jobs):
                mark_done(site.folder.path, job.place, {"numpy": "1.0"} if number == 1 else {})

    for name in ("measuring_jobs", "concluding_jobs"):
        monkeypatch.setattr(stages, name, lambda *_: [])
    monkeypatch.setattr(stages, "write_scores", lambda *_: None)
    monkeypatch.setattr(stages, "with_outcomes", lambda manifest, *_: manifest)
    with folder.lock():
        manifest = prepare(plan, folder, CPU, Silent())
        finish(manifest, Site(plan, folder, CPU, Silent()), Elsewhere())
    assert asked == [job for session in separate_jobs(plan) for job in session]
    assert RunFolder(folder.path).read_manifest()["environment"]["done_with"] == {asked[1].place: {"numpy": "1.0"}}
    assert jobs_done(folder.path) == set()
    assert "manifest.json" in read_seal(folder.path)
    assert not (folder.path / "jobs").exists()
