"""The runs in a folder: what state each is in, as its files say."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.factories import tiny_suite
from support.finished_run import change_json, copy_of, runs_folder
from support.held import held_by_another

import forgetbench
from forgetbench.errors import InputError
from forgetbench.housekeeping.runs import RunStatus, find_runs, list_runs, status_of
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import job_place
from forgetbench.sweep import jobs


def test_finished_runs_are_listed_by_suite(small_run: Path, tmp_path: Path) -> None:
    run = runs_folder(small_run, tmp_path / "runs")
    other = Path(shutil.copytree(run, tmp_path / "runs" / "other" / "copy"))
    first, second = list_runs(tmp_path / "runs")
    assert (first.path, first.suite, first.id) == (other, "small", run.name)
    assert (second.path, second.suite, second.id) == (run, "small", run.name)
    assert (first.state, first.detail) == (second.state, second.detail) == ("complete", "")
    assert second.bytes == sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert second.written == max(path.stat().st_mtime for path in run.rglob("*") if path.is_file())
    assert list_runs(run) == [second]
    assert list_runs(tmp_path) == [first, second]


def test_other_folders_are_none(tmp_path: Path, small_run: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "manifest.json").write_text("{}")  # as many programs have one
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "journal").touch()
    (tmp_path / "0123456789ab").mkdir()
    (tmp_path / "link").symlink_to(small_run)
    assert list_runs(tmp_path) == []
    with pytest.raises(InputError, match="nothing: no such folder; expected a folder of runs"):
        list_runs(tmp_path / "nothing")
    with pytest.raises(InputError, match="no such folder"):
        list_runs(tmp_path / "b" / "journal")


def test_runs_deeper_down_are_not_looked_for(small_run: Path, tmp_path: Path) -> None:
    deep = tmp_path / "1" / "2" / "3"
    shutil.copytree(small_run, deep)
    assert find_runs(tmp_path) == [deep]
    assert find_runs(tmp_path / "1") == [deep]
    (tmp_path / "0").mkdir()
    (tmp_path / "1").rename(tmp_path / "0" / "1")
    assert find_runs(tmp_path) == []


def test_a_run_that_is_held_is_running(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    with RunFolder(run).lock():
        assert status_of(run).state == "running"
    assert status_of(run).state == "complete"


def test_a_run_that_was_only_made_is_at_its_start(tmp_path: Path) -> None:
    run = tmp_path / "0123456789ab"
    with RunFolder(run).lock():
        (status,) = list_runs(tmp_path)
        assert (status.state, status.detail, status.bytes) == ("running", "at its start", 0)
    (status,) = list_runs(tmp_path)
    assert (status.suite, status.id, status.state) == (tmp_path.name, run.name, "stopped")


def test_an_interrupted_addition_is_told(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "amending.json").write_text("{}")
    assert (status_of(run).state, status_of(run).detail) == ("stopped", "while something was added to it")


@pytest.mark.usefixtures("charts_not_drawn")
def test_where_a_run_stopped_is_what_its_journal_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = tiny_suite(tmp_path)
    suite["freeze_points"], suite["seeds"] = [22, 10], [0, 1]
    told: list[RunStatus] = []

    def look() -> None:
        told.extend(list_runs(tmp_path / "runs"))

    def looking_at(kind: type[Any]) -> None:
        done = kind.do

        def do(self: Any, site: Any) -> Any:
            look()
            return done(self, site)

        monkeypatch.setattr(kind, "do", do)

    for kind in (jobs.TrainArms, jobs.ScoreModel, jobs.MeasureDrift, jobs.DeriveTables):
        looking_at(kind)

    class Watching:
        def message(self, text: str, level: str = "info") -> None:
            if text.startswith("epoch 1, "):
                look()

        @contextmanager
        def task(self, name: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
            yield lambda _done, _state: None

    run = forgetbench.run(suite, output=tmp_path / "runs", progress=Watching())
    assert {status.state for status in told} == {"running"}
    epochs = suite["train"]["epochs"]
    trained = [f"training tiny-yolov8, seed {seed}: {done} of {epochs} epochs" for seed in (0, 1) for done in (0, 1)]
    after = ["scoring", "measuring drift", "making tables and charts"]
    assert list(dict.fromkeys(status.detail for status in told)) == [*trained, *after]
    sizes = [status.bytes for status in told]
    assert sizes[0] < sizes[-1]
    assert [status.state for status in list_runs(tmp_path / "runs")] == ["complete"]
    (run.path / "DONE").rename(run.path / "journal")
    journal = (run.path / "journal").read_text("utf-8")
    (run.path / "journal").write_text(
        "".join(line for line in journal.splitlines(keepends=True) if "seed1/complete" not in line), "utf-8"
    )
    (status,) = list_runs(tmp_path / "runs")
    assert (status.state, status.detail) == ("stopped", f"training tiny-yolov8, seed 1: {epochs} of {epochs} epochs")


def without(name: str) -> Callable[[Path], object]:
    return lambda run: (run / name).unlink()


def with_another_name(run: Path) -> None:
    change_json(run / "manifest.json", lambda content: content["arms"][0].update(arm="../x"))


def with_pipe(run: Path) -> None:
    os.mkfifo(run / "figures" / "pipe")


def with_link(run: Path) -> None:
    (run / "results.csv").unlink()
    (run / "results.csv").symlink_to("/dev/zero")


def with_vast_seal(run: Path) -> None:
    with (run / "DONE").open("wb") as file:
        file.truncate(2 << 40)


def with_vast_journal(run: Path) -> None:
    (run / "DONE").unlink()
    (run / "manifest.json").write_text("{")
    with (run / "journal").open("wb") as file:
        file.truncate(2 << 40)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (without("results.csv"), "results.csv is missing"),
        (without("manifest.json"), "manifest.json: not readable"),
        (lambda run: shutil.rmtree(run / "annotations"), ", and 1 more file"),
        (lambda run: (run / "manifest.json").write_text("[" * 200_000), "manifest.json: not readable"),
        (lambda run: (run / "manifest.json").write_text("[]"), "manifest.json: not a record"),
        (with_another_name, "manifest.json, arms[0].arm: "),
        (lambda run: (run / "DONE").write_text("complete\n"), "DONE, line 1: not a seal"),
        (lambda run: (run / "DONE").write_text("a" * 64 + "  ../x\n"), "DONE, line 1: not a seal"),
        (with_pipe, "figures/pipe is no regular file"),
        (with_link, "results.csv is no regular file"),
        (with_vast_seal, "DONE: not readable"),
        (with_vast_journal, "manifest.json: not readable"),
    ],
)  # fmt: skip
def test_damage_is_said_in_a_few_words(
    damage: Callable[[Path], object], said: str, small_run: Path, tmp_path: Path
) -> None:
    run = copy_of(small_run, tmp_path)
    damage(run)
    (status,) = list_runs(tmp_path)
    assert status.state == "damaged"
    assert said in status.detail
    assert len(status.detail) <= 100


def test_checkpoints_left_out_are_no_damage_and_some_that_are_gone_are(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    shutil.rmtree(next((run / "checkpoints").iterdir()))
    assert status_of(run).state == "damaged"
    shutil.rmtree(run / "checkpoints")
    assert (status_of(run).state, status_of(run).detail) == ("complete", "without checkpoints")


def test_a_manifest_without_a_format_is_told(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "manifest.json").write_text("{}")
    assert (status_of(run).state, status_of(run).detail) == ("other version", "no format")


def test_when_a_packed_run_was_written_nobody_knows(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / ".lock").touch()  # which is no file of the run
    for path in run.rglob("*"):
        if path.name != ".lock":
            os.utime(path, (0, 0))
    assert status_of(run).written is None


def test_a_run_of_which_a_job_is_done_is_running_whoever_holds_the_rest(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "DONE").rename(run / "journal")
    before = status_of(run)
    with held_by_another(job_place(run, "train-m-seed0")) as process:
        status = status_of(run)
        assert (status.state, status.detail) == ("running", before.detail)
        process.kill()
        process.wait()
        assert status_of(run).state == "stopped"


def test_what_jobs_have_finished_counts_for_where_a_run_is(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "DONE").rename(run / "journal")
    lines = (run / "journal").read_text("utf-8").splitlines(keepends=True)
    trained = [line for line in lines if "  sessions/" in line or "  checkpoints/" in line]
    began = [line for line in lines if line.endswith("  manifest.json\n") or "  annotations/" in line]
    (run / "journal").write_text("".join(began), "utf-8")
    assert "training" in status_of(run).detail
    job_place(run, "train-m-seed0").mkdir(parents=True)
    (job_place(run, "train-m-seed0") / "journal").write_text("".join(trained), "utf-8")
    assert (status_of(run).state, status_of(run).detail) == ("stopped", "scoring")
