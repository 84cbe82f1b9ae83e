"""A run that goes on: with its own number of threads, and with a word on what else is another than when it began."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from forgetbench.errors import CorruptRunError, InputError
from forgetbench.progress import Level, Silent
from forgetbench.record.folder import RunFolder
from forgetbench.sweep import environment as environment_module
from forgetbench.sweep.environment import environment_of, join_environment, joined_environment
from forgetbench.sweep.provenance import environment

CPU = torch.device("cpu")


class Told(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def message(self, text: str, level: Level = "info") -> None:
        self.lines.append(f"{level}: {text}")


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def begun(folder: Path, **changes: Any) -> RunFolder:
    """Return the folder of a run that began in an environment that differs from this one."""
    run = RunFolder(folder)
    run.journal.begin()
    about: Any = {"environment": environment(CPU) | changes}
    run.write_manifest(about)
    return RunFolder(folder)


def test_a_new_run_takes_the_environment_as_it_is(tmp_path: Path) -> None:
    told = Told()
    assert environment_of(RunFolder(tmp_path), CPU, told) == environment(CPU)
    assert told.lines == []


def test_a_run_goes_on_with_the_threads_it_began_with(tmp_path: Path) -> None:
    here = torch.get_num_threads()
    run = begun(tmp_path, threads=here + 1)
    told = Told()
    found = environment_of(run, CPU, told)
    assert torch.get_num_threads() == here + 1 == found["threads"]
    assert environment_module.BEGAN_WITH not in found
    assert told.lines == [
        f"warning: this run began with {here + 1} threads, so it goes on with as many instead of {here}: another "
        "number orders sums otherwise"
    ]


@pytest.mark.parametrize("take_up", [environment_of, join_environment, joined_environment])
def test_more_threads_than_any_machine_has_are_refused(tmp_path: Path, take_up: Callable[..., object]) -> None:
    """So many cannot be begun, and the process would end."""
    here = torch.get_num_threads()
    with pytest.raises(InputError, match="this run began with 20,000 threads; expected at most 1,024"):
        take_up(begun(tmp_path, threads=20_000), CPU, Told())
    assert torch.get_num_threads() == here


@pytest.mark.parametrize("take_up", [environment_of, join_environment, joined_environment])
@pytest.mark.parametrize("changes", [{"threads": "4"}, {"threads": 0}, {"threads": None}, {"began_with": 5}])
def test_an_environment_of_other_kinds_is_refused(
    tmp_path: Path, changes: dict[str, Any], take_up: Callable[..., object]
) -> None:
    with pytest.raises(CorruptRunError, match=rf"manifest\.json, environment\.{next(iter(changes))}: not what"):
        take_up(begun(tmp_path, **changes), CPU, Told())


def test_what_may_change_last_bits_is_told_and_kept(tmp_path: Path) -> None:
    packages = environment(CPU)["packages"] | {"numpy": "1.0"}
    run = begun(tmp_path, processor="another", packages=packages, cores=99)
    told = Told()
    found = environment_of(run, CPU, told)
    assert found["began_with"] == {"numpy": "1.0", "processor": "another"}
    assert found["processor"] == environment(CPU)["processor"]
    assert [line.split(": ")[:3] for line in told.lines] == [
        ["warning", "this run did not begin in the same environment", name] for name in ("numpy", "processor")
    ]
    again = begun(tmp_path / "again", **found)
    assert environment_of(again, CPU, Told())["began_with"] == found["began_with"]


def test_an_environment_that_is_not_what_was_written_is_not_used(tmp_path: Path) -> None:
    run = begun(tmp_path, threads=torch.get_num_threads() + 1)
    path = tmp_path / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace("threads", "thread5"), encoding="utf-8")
    assert environment_of(run, CPU, Told()) == environment(CPU)


def test_a_job_is_taken_up_with_the_threads_of_the_run_and_what_differs_is_returned(tmp_path: Path) -> None:
    here = torch.get_num_threads()
    packages = environment(CPU)["packages"] | {"numpy": "1.0"}
    run = begun(tmp_path, threads=here + 1, processor="another", packages=packages, cores=99)
    before = (tmp_path / "manifest.json").read_bytes()
    told = Told()
    assert join_environment(run, CPU, told) == {
        "numpy": environment(CPU)["packages"]["numpy"],
        "processor": environment(CPU)["processor"],
    }
    assert torch.get_num_threads() == here + 1
    assert len(told.lines) == 3
    assert all(line.startswith("warning: this run ") for line in told.lines)
    assert (tmp_path / "manifest.json").read_bytes() == before


def test_in_the_same_environment_nothing_is_returned_or_told(tmp_path: Path) -> None:
    told = Told()
    kept: dict[str, Any] = {"began_with": {"numpy": "1.0"}, "done_with": {"a": {"numpy": "2.0"}}}
    assert join_environment(begun(tmp_path, **kept), CPU, told) == {}
    assert told.lines == []


def test_nobody_takes_up_a_job_of_a_run_that_nobody_began(tmp_path: Path) -> None:
    with pytest.raises(CorruptRunError):
        join_environment(RunFolder(tmp_path), CPU, Told())


def test_who_joins_a_run_keeps_the_environment_it_began_in(tmp_path: Path) -> None:
    told = Told()
    assert joined_environment(RunFolder(tmp_path), CPU, told) == environment(CPU)
    assert told.lines == []
    here = torch.get_num_threads()
    run = begun(tmp_path, threads=here + 1, processor="another", began_with={"numpy": "1.0"})
    found = joined_environment(run, CPU, told)
    assert (found["processor"], found["threads"], found["began_with"]) == ("another", here + 1, {"numpy": "1.0"})
    assert torch.get_num_threads() == here + 1
    assert len(told.lines) == 2
