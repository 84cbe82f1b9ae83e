"""Damage to each kind of file, before a run goes on and after it is finished: made again or refused, never used."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import tiny_suite

from forgetbench.plan.plan import Plan, make_plan
from forgetbench.progress import Level, Silent
from forgetbench.proof.verify import verify_run
from forgetbench.record.code import code_version
from forgetbench.record.folder import RunFolder
from forgetbench.record.seal import files_in
from forgetbench.suite.load import LoadedSuite, suite_from_mapping
from forgetbench.sweep import execute, finished, jobs, provenance
from forgetbench.sweep.execute import run_plan
from forgetbench.sweep.session_files import SessionFiles
from forgetbench.sweep.standing import folder_of

CPU = torch.device("cpu")
ARM = "tiny-yolov8-freeze10-seed0"
SESSION = "sessions/tiny-yolov8-seed0"
#: Measured anew by whoever trains again.
TIMED = ("times.csv", f"{SESSION}/epoch-")


class Told(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def message(self, text: str, level: Level = "info") -> None:
        if level == "warning":
            self.lines.append(text)


class StoppedError(Exception):
    """Stands for a kill."""


def planned(folder: Path, **train: Any) -> Plan:
    settings = {"epochs": 2, **train}
    suite = tiny_suite(folder, freeze_points=[22, 10], train=settings, pretrain={"epochs": 1})
    return make_plan(LoadedSuite(suite_from_mapping(suite), Path("suite.yaml"), ()), device=CPU)


@pytest.fixture(scope="module")
def quick() -> Iterator[pytest.MonkeyPatch]:
    """Leave out what takes long and writes nothing that is used again: drawing, and looking for other work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "write_report", drawn)
        patch.setattr(execute, "warn_before_run", lambda *_, **__: None)
        version = code_version()  # a commit made meanwhile is another environment
        patch.setattr(provenance, "code_version", lambda: version)
        yield patch


def drawn(folder: Path, **_: Any) -> list[Path]:
    written = [folder / "summary.md", folder / "figures" / "chart.svg"]
    written[1].parent.mkdir(exist_ok=True)
    for path in written:
        path.write_text("drawn", encoding="utf-8")
    return written


class World:
    """A plan, its run as it has to be, the same stopped twice on its way, and another run to swap files with."""

    def __init__(self, folder: Path) -> None:
        self.plan = planned(folder)
        self.whole = run_plan(self.plan, folder / "whole", CPU, Silent()).path
        other = run_plan(planned(folder, lr0=0.001), folder / "other", CPU, Silent()).path
        self.other = {self._kind(name): other / name for name in files_in(other)}
        self.stopped: dict[str, Path] = {"after DONE": self.whole}
        for moment, module, what in (
            ("before drawing", jobs, "write_report"),
            ("while training", SessionFiles, "complete"),
        ):
            with pytest.MonkeyPatch.context() as patch, pytest.raises(StoppedError):
                patch.setattr(module, what, stop)
                run_plan(self.plan, folder / moment, CPU, Silent())
            self.stopped[moment] = folder_of(self.plan, folder / moment).path
        self.output = folder / "damaged"

    @staticmethod
    def _kind(name: str) -> str:
        """Return what a file is called in every run: its name, or its folder and suffix where a hash is its name."""
        place, _, file = name.rpartition("/")
        return f"{place}/*{Path(file).suffix}" if place in ("detections", "annotations") else name

    def copy(self, moment: str) -> Path:
        shutil.rmtree(self.output, ignore_errors=True)
        run = folder_of(self.plan, self.output).path
        shutil.copytree(self.stopped[moment], run)
        return run

    def swapped(self, run: Path, path: Path) -> bytes:
        name, content = path.relative_to(run).as_posix(), path.read_bytes()
        other = self.other.get(self._kind(name), self.whole / "results.csv").read_bytes()
        return other if other != content else (self.whole / "results.csv").read_bytes()

    def go_on(self) -> list[str]:
        told = Told()
        run_plan(self.plan, self.output, CPU, told)
        return told.lines


def stop(*_: Any, **__: Any) -> None:
    raise StoppedError


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, quick: pytest.MonkeyPatch) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("damage")
    quick.setenv("FORGETBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    yield World(folder)


def emptied(content: bytes, _other: bytes) -> bytes:
    return content[:0]


def cut(content: bytes, _other: bytes) -> bytes:
    return content[: len(content) // 2]


def one_bit(content: bytes, _other: bytes) -> bytes:
    changed = bytearray(content)
    changed[2 * len(changed) // 3] ^= 4
    return bytes(changed)


def another_runs(_content: bytes, other: bytes) -> bytes:
    return other


DAMAGES: dict[str, Callable[[bytes, bytes], bytes] | None] = {
    "deleted": None, "emptied": emptied, "cut": cut, "one bit": one_bit, "another run's": another_runs,
}  # fmt: skip


def apply(world: World, run: Path, paths: list[Path], damage: str) -> None:
    change = DAMAGES[damage]
    for path in paths:
        if change is None:
            path.unlink()
        else:
            content = path.read_bytes()
            path.write_bytes(change(content, world.swapped(run, path)))
            assert path.read_bytes() != content, path


def same_as_whole(world: World, run: Path) -> None:
    """Check that a run consists of the files of the uninterrupted one, and each has its bytes."""
    assert files_in(run) == files_in(world.whole)
    for name in files_in(run):
        if not name.startswith(TIMED):
            assert (run / name).read_bytes() == (world.whole / name).read_bytes(), name
    report = {"report"}  # which is not drawn here
    with pytest.MonkeyPatch.context() as patch:
        from forgetbench.proof import verify

        patch.setattr(verify, "CHECKS", [check for check in verify.CHECKS if check[0] not in report])
        assert list(map(str, verify_run(run).findings)) == []


def firsts(run: Path, *patterns: str) -> list[Path]:
    return [sorted(run.glob(pattern))[0] for pattern in patterns]


def used_again(run: Path) -> list[Path]:
    """Return a file of each kind that a run which goes on would use."""
    results = RunFolder(run).results()
    mixed = set((run / "batchnorm.csv").read_text(encoding="utf-8").replace("\n", ",").split(","))
    scored = set(results["detections"])
    parts = sorted(name for name in mixed - scored if name.endswith(".safetensors"))
    first, second = sorted(scored)[:2]
    return [
        *firsts(run, "annotations/*"),
        run / "detections" / first,
        (run / "detections" / second).with_suffix(".json"),
        run / "detections" / parts[0],
        run / "drift.csv",
        run / "batchnorm.csv",
    ]


def made_anyway(run: Path) -> list[Path]:
    """Return files that are made whenever a run goes on."""
    tables = ("results", "per_class", "gradients", "losses", "intervals", "evidence", "claims", "classes", "oddities")
    return [run / "manifest.json", *(run / f"{name}.csv" for name in tables if (run / f"{name}.csv").stat().st_size)]


TRAINED = {
    "a checkpoint": f"checkpoints/{ARM}/epoch-001.safetensors",
    "the last checkpoint": f"checkpoints/{ARM}/epoch-002.safetensors",
    "a record": f"{SESSION}/epoch-001.json",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_used_again_is_made_again_and_named(world: World, damage: str) -> None:
    run = world.copy("before drawing")
    damaged = used_again(run)
    apply(world, run, damaged, damage)
    said = "\n".join(world.go_on())
    for path in damaged:
        assert f"{path.relative_to(run).as_posix()}: " in said
    assert said.count("made again") >= len(damaged)
    same_as_whole(world, run)


def test_what_a_kill_left_of_a_pass_or_of_a_file_is_gone(world: World) -> None:
    run = world.copy("before drawing")
    (run / "detections" / "unfinished").mkdir()
    for name in ("detections/unfinished/0", "detections/.x.json.k3y.part", ".results.csv.z9.part"):
        (run / name).write_bytes(b"half")
    assert world.go_on() == []
    same_as_whole(world, run)


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_made_anyway_is_not_used_before(world: World, damage: str) -> None:
    run = world.copy("before drawing")
    apply(world, run, made_anyway(run), damage)
    world.go_on()
    same_as_whole(world, run)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    ("moment", "file"),
    [
        *(("before drawing", file) for file in (*TRAINED.values(), f"{SESSION}/complete.json")),
        *(("while training", file) for file in (*TRAINED.values(), f"{SESSION}/state-002.pt")),
    ],
)
def test_what_training_left_is_made_again_by_training_again(world: World, moment: str, file: str, damage: str) -> None:
    run = world.copy(moment)
    apply(world, run, [run / file], damage)
    said = "\n".join(world.go_on())
    assert f"{file}: " in said
    assert "training tiny-yolov8-seed0 again from the start" in said
    same_as_whole(world, run)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("moment", ["before drawing", "while training"])
def test_what_a_damaged_journal_does_not_name_is_not_used(world: World, moment: str, damage: str) -> None:
    run = world.copy(moment)
    apply(world, run, [run / "journal"], damage)
    world.go_on()
    same_as_whole(world, run)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_finished_run_that_changed_is_not_called_complete(
    world: World, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished, "MOST_NAMED", 100)
    run = world.copy("after DONE")
    manifest, *made = made_anyway(run)
    damaged = [*used_again(run), *made, run / "summary.md", run / "figures" / "chart.svg"]
    apply(world, run, damaged, damage)
    names = {path.relative_to(run).as_posix() for path in damaged}
    assert {finding.where for finding in verify_run(run).findings} >= names
    apply(world, run, [manifest], damage)
    said = "\n".join(world.go_on())
    for path in damaged:
        assert f"a file of the finished run is missing or has changed: {path.relative_to(run).as_posix()}: " in said
    same_as_whole(world, run)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_finished_run_whose_training_changed_is_trained_again(world: World, damage: str) -> None:
    run = world.copy("after DONE")
    apply(world, run, [run / TRAINED["a checkpoint"]], damage)
    assert "training tiny-yolov8-seed0 again from the start" in "\n".join(world.go_on())
    same_as_whole(world, run)


@pytest.mark.parametrize("damage", ["emptied", "cut", "one bit", "another run's"])
def test_a_finished_run_whose_seal_changed_is_sealed_anew(world: World, damage: str) -> None:
    run = world.copy("after DONE")
    apply(world, run, [run / "DONE"], damage)
    assert "a file of the finished run is missing or has changed: " in "\n".join(world.go_on())
    same_as_whole(world, run)


def test_a_finished_run_that_holds_is_left_as_it_is(world: World) -> None:
    run = world.copy("after DONE")
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert world.go_on() == []
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
