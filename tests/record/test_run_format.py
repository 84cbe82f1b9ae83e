"""Runs of other formats: refused in one line that says what reads them, by whatever opens them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.called import call
from support.finished_run import change_json, copy_of, seal

import forgetbench
from forgetbench.errors import InputError
from forgetbench.record.run_format import FORMAT, refuse_other_format
from forgetbench.version import __version__

MAKER = {"forgetbench": "0.7.2", "commit": "0123456789abcdef0123"}


def said_of(manifest: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        refuse_other_format(manifest, Path("runs/a/b"))
    return str(caught.value)


def test_this_format_is_read() -> None:
    refuse_other_format({"format": FORMAT}, Path("run"))


def test_who_reads_another_is_said() -> None:
    begins = (
        f"runs/a/b: a run of another version; expected format {FORMAT}, which forgetbench {__version__} reads, found "
    )
    newer, older = f"format {FORMAT + 1}. ", f"format {FORMAT - 1}. "
    made = "forgetbench 0.7.2 (commit 0123456789ab)"
    assert said_of({"format": FORMAT + 1, "environment": MAKER}) == f"{begins}{newer}Use {made}, or a newer one."
    assert (
        said_of({"format": FORMAT - 1, "environment": MAKER}) == f"{begins}{older}Use {made}, or run its suite again."
    )
    assert said_of({"format": FORMAT + 1}) == f"{begins}{newer}Use a newer forgetbench."
    released = {"forgetbench": "0.7.2", "commit": None}
    assert "Use forgetbench 0.7.2, or run" in said_of({"format": FORMAT - 1, "environment": released})


@pytest.mark.parametrize(
    "manifest",
    [{}, {"format": None}, {"format": True}, {"format": str(FORMAT)}, {"format": float(FORMAT)}, {"format": 10**5000}],
    ids=["missing", "none", "true", "text", "float", "vast"],
)
def test_what_is_no_number_is_no_format(manifest: dict[str, Any]) -> None:
    assert "found no format. Use the forgetbench that made it, or run its suite again." in said_of(manifest)


@pytest.mark.parametrize("environment", [None, 3, [], {"forgetbench": 3}, {"forgetbench": "x" * 10_000 + "\x1b"}])
def test_whatever_it_says_of_its_maker_is_one_short_line(environment: object) -> None:
    said = said_of({"format": FORMAT + 1, "environment": environment})
    assert len(said) < 300
    assert said.isprintable()


def of_format(number: int) -> Callable[[Any], None]:
    return lambda content: content.update(format=number)


@pytest.mark.parametrize("number", [FORMAT - 1, FORMAT + 1])
@pytest.mark.parametrize("command", ["verify", "pack", "report", "reproduce", "export", "price", "recommend"])
def test_every_command_refuses_a_run_of_another_format(
    command: str, number: int, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", of_format(number))
    seal(run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != ".lock"}
    done = call(command, run, *(["-o", "mine.pt"] if command == "export" else []))
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {run}: a run of another version; expected format {FORMAT}, ")
    assert f", found format {number}. Use forgetbench {__version__}" in line
    after = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != ".lock"}
    assert after == before
    assert [path.name for path in tmp_path.iterdir()] == [run.name]


def test_it_is_not_opened_and_is_listed_as_what_it_is(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", of_format(FORMAT + 1))
    with pytest.raises(InputError, match=f"found format {FORMAT + 1}"):
        forgetbench.open_run(run)
    (listed,) = forgetbench.runs(run)
    assert (listed.state, listed.detail) == ("other version", f"format {FORMAT + 1}")
    assert json.loads((small_run / "manifest.json").read_text("utf-8"))["format"] == FORMAT
