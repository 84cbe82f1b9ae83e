"""Where the run of a plan stands."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.finished_run import runs_folder, small_suite
from support.recorder import Recorder

from forgetbench.errors import RunError
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.plan.reading import read_suite
from forgetbench.progress import Silent
from forgetbench.sweep import standing
from forgetbench.sweep.standing import folder_of, is_complete, require_room_for_run

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(read_suite(small_suite(), ()), device=CPU, progress=Silent())


def test_a_runs_folder_is_that_of_its_suite_and_its_id(plan: Plan, tmp_path: Path) -> None:
    assert folder_of(plan, tmp_path).path == tmp_path / "small" / plan.run_id()


def test_a_run_is_complete_once_it_is_sealed_and_as_long_as_it_is_unchanged(
    plan: Plan, small_run: Path, tmp_path: Path
) -> None:
    told = Recorder()
    assert not is_complete(plan, folder_of(plan, tmp_path), CPU, told)
    assert not tmp_path.joinpath("small").exists()
    run = runs_folder(small_run, tmp_path)
    assert is_complete(plan, folder_of(plan, tmp_path), CPU, told)
    assert told.lines[-1] == f"info: already complete: {run}"
    (run / "results.csv").unlink()
    assert not is_complete(plan, folder_of(plan, tmp_path), CPU, told)
    assert any("results.csv: missing" in line for line in told.lines)
    assert (run / "journal").is_file()
    assert not (run / "DONE").exists()


def test_room_is_asked_for_unless_the_run_is_there(
    plan: Plan, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def require(path: Path, wanted: int, what: str) -> None:
        assert wanted > 0
        asked.append(path)
        raise RunError("no room")

    monkeypatch.setattr(standing, "require_room", require)
    folder = folder_of(plan, tmp_path)
    with pytest.raises(RunError, match="no room"):
        require_room_for_run(plan, folder)
    assert asked == [folder.path]
    runs_folder(small_run, tmp_path)
    require_room_for_run(plan, folder)
    assert len(asked) == 1


def test_a_folder_that_cannot_be_looked_at_is_left_to_whoever_makes_it(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(standing, "require_room", gone)
    require_room_for_run(plan, folder_of(plan, tmp_path))
