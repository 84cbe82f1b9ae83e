"""Cleaning runs: what kills left goes; finished runs verify, stopped ones go on, held ones are not touched."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

import pytest
from support.factories import written_suite
from support.finished_run import copy_of, runs_folder
from support.held import held_by_another

import forgetbench
from forgetbench.errors import InputError
from forgetbench.housekeeping.clean import clean
from forgetbench.housekeeping.freed import Freed
from forgetbench.record.amend import NOTE
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import job_place
from forgetbench.record.lock import holding
from forgetbench.room import require_room

SCRATCH = (".results.csv.1x.part", "sessions/m-seed0/.state-002.pt.ab.part", "detections/unfinished/0")
STATE = "sessions/m-seed0/state-002.pt"


@pytest.fixture(autouse=True)
def temporary_place(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


def scatter(run: Path, *names: str) -> None:
    for name in names:
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_bytes(b"1234")


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of each file by name, but for the lock, which is empty."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_finished_run_verifies_once_what_was_left_is_gone(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    before = contents(run)
    scatter(run, *SCRATCH, STATE, ".manifest.json.next.part", "notes.txt")
    littered = contents(run)
    looked = clean([tmp_path])
    assert contents(run) == littered
    assert forgetbench.verify(run).findings
    done = clean([tmp_path], yes=True)
    assert done.freed == looked.freed == [
        Freed("left by killed commands", run, 4, 16, "written again by the same command"),
        Freed("states to resume from", run, 1, 4, "not needed: the run is finished"),
    ]  # fmt: skip
    (run / "notes.txt").unlink()  # which is the user's
    assert contents(run) == before
    assert forgetbench.verify(run).findings == []
    assert clean([run], yes=True).freed == []


@pytest.mark.usefixtures("charts_not_drawn")
def test_a_stopped_run_goes_on_as_if_nobody_had_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = written_suite(tmp_path, model="yolov8p-shapes.safetensors", freeze_points=[22, 10])
    whole = forgetbench.run(suite, output=tmp_path / "whole").path
    asked = 0

    def second_epoch_fails(path: Path, wanted: int, what: str) -> None:
        nonlocal asked
        asked += 1
        if asked == 3:  # at the beginning of the second epoch
            raise KeyboardInterrupt
        require_room(path, wanted, what)

    monkeypatch.setattr("forgetbench.sweep.train_sessions.require_room", second_epoch_fails)
    with pytest.raises(KeyboardInterrupt):
        forgetbench.run(suite, output=tmp_path / "runs")
    monkeypatch.undo()
    (status,) = forgetbench.runs(tmp_path / "runs")
    assert status.detail == "training yolov8p-shapes, seed 0: 1 of 2 epochs"
    run, before = status.path, contents(status.path)
    scatter(run, *SCRATCH, ".manifest.json.next.part")
    assert [one.files for one in clean([run], yes=True).freed] == [3]
    (run / ".manifest.json.next.part").unlink()  # which the next command looks at
    assert contents(run) == before
    first = next((run / "checkpoints").rglob("epoch-001.safetensors")).stat().st_mtime_ns
    forgetbench.run(suite, output=tmp_path / "runs")
    assert next((run / "checkpoints").rglob("epoch-001.safetensors")).stat().st_mtime_ns == first
    other = {name for name, content in contents(whole).items() if contents(run).get(name) != content}
    assert not [name for name in other if name.startswith(("checkpoints/", "detections/")) or name == "results.csv"]


def test_a_run_that_is_held_is_not_touched(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    scatter(run, *SCRATCH, STATE)
    for yes in (False, True):
        with RunFolder(run).lock():
            before = contents(run)
            found = clean([run], yes=yes)
            assert contents(run) == before
        assert (found.freed, found.left) == ([], [f"{run}: another process is working on this run"])


def spoil_seal(run: Path) -> None:
    (run / "DONE").write_text("x\n")


def make_newer(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    (run / "manifest.json").write_text(json.dumps(manifest | {"format": 99}), "utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (spoil_seal, "damaged, DONE, line 1: not a seal"),
        (make_newer, "other version, format 99"),
        (lambda run: scatter(run, NOTE), "something was being added to it; let the same command do the rest first"),
        (lambda run: (run / "figures" / "x").symlink_to(run / "DONE"), "damaged, figures/x is no regular file"),
    ],
)
def test_what_is_not_understood_is_left_alone(
    change: Callable[[Path], object], said: str, small_run: Path, tmp_path: Path
) -> None:
    run = copy_of(small_run, tmp_path)
    scatter(run, *SCRATCH, STATE)
    change(run)
    before = contents(run)
    found = clean([run], yes=True)
    assert (found.freed, found.left) == ([], [f"{run}: {said}"])
    assert contents(run) == before


def test_nothing_outside_a_run_is_removed_through_a_link(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path / "runs")
    scatter(tmp_path / "outside", "0", ".x.part")
    (run / "detections" / "unfinished").symlink_to(tmp_path / "outside")
    assert clean([run], yes=True).freed == []
    assert contents(tmp_path / "outside") == {"0": b"1234", ".x.part": b"1234"}


def test_what_is_named_decides_what_is_cleaned(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    scatter(tmp_path / "cache" / "shapes", "x")
    assert [one.kind for one in clean().freed] == ["drawn images"]
    run, other = (runs_folder(small_run, Path(name)) for name in ("runs", "others"))
    scatter(run, SCRATCH[0])
    scatter(other, SCRATCH[0])
    assert [(one.where, one.files) for one in clean().freed] == [(run, 1), (tmp_path / "cache" / "shapes", 1)]
    assert [one.where for one in clean(["others", other]).freed] == [other]
    with pytest.raises(InputError, match="no such folder"):
        clean(["nowhere"], yes=True)
    with pytest.raises(InputError, match="cache: no run is there"):
        clean(["others", "cache"], yes=True)
    assert (other / SCRATCH[0]).exists()


@pytest.mark.usefixtures("charts_not_drawn", "nothing_rehearsed")
def test_a_run_and_a_check_that_go_on_keep_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    suite = written_suite(tmp_path, model="yolov8p-shapes.safetensors", freeze_points=[22], train={"epochs": 1})
    left: list[list[str]] = []

    class Cleaning:
        def message(self, text: str, level: str = "info") -> None:
            found = clean(yes=True)
            assert found.freed == []
            left.append(found.left)

        def task(self, name: str, total: int, unit: str) -> nullcontext[Callable[[int, str], None]]:
            self.message(name)
            return nullcontext(lambda _done, _state: None)

    forgetbench.check(suite, progress=Cleaning())
    forgetbench.run(suite, progress=Cleaning())
    assert any("using the cache" in line for line in left[0])
    assert any("working on this run" in line for line in left[-1])
    assert all(any("using the cache" in line for line in lines) for lines in left)
    assert "drawn images" in [one.kind for one in clean(yes=True).freed]


JOB_SCRATCH = ("jobs/train-m-seed0/unfinished/0", "jobs/score-m-seed0/unfinished/1")


def test_what_a_killed_job_gathered_is_freed_and_the_rest_of_it_stays(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "DONE").rename(run / "journal")
    kept = ("jobs/train-m-seed0/journal", "jobs/train-m-seed0/done.json", "jobs/train-m-seed0/other/0")
    scatter(run, *kept)
    before = contents(run)
    scatter(run, *JOB_SCRATCH)
    assert [(one.kind, one.files, one.bytes) for one in clean([run], yes=True).freed] == [
        ("left by killed commands", 2, 8)
    ]
    assert contents(run) == before


@pytest.mark.parametrize("yes", [False, True])
def test_a_run_of_which_another_process_does_a_job_is_not_touched(small_run: Path, tmp_path: Path, yes: bool) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "DONE").rename(run / "journal")
    scatter(run, *SCRATCH, *JOB_SCRATCH)
    with held_by_another(job_place(run, "train-m-seed0")):
        before = contents(run)
        found = clean([run], yes=yes)
        assert contents(run) == before
    assert (found.freed, found.left) == ([], [f"{run}: another process is working on this run"])


def test_a_job_that_begins_while_a_run_is_looked_at_keeps_what_it_gathers(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "DONE").rename(run / "journal")
    scatter(run, *JOB_SCRATCH)
    before = contents(run)
    with ExitStack() as begun:

        def hold_meanwhile(folder: Path) -> AbstractContextManager[None]:
            begun.enter_context(held_by_another(job_place(run, "train-m-seed0")))
            return holding(folder)

        monkeypatch.setattr("forgetbench.housekeeping.clean.holding", hold_meanwhile)
        found = clean([run], yes=True)
    assert (found.freed, found.left) == ([], [f"{run}: another process is doing a part of this run (train-m-seed0)"])
    assert contents(run) == before
