"""Commands on a machine that gives out: one line with path, cause and what helps, and on again."""

import errno
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.factories import written_suite

from forgetbench.cli.main import main


def forgetbench(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def tables_of(run: Path) -> dict[str, bytes]:
    files = [*run.glob("*.csv"), *run.glob("checkpoints/*/*"), *run.glob("detections/*")]
    return {str(path.relative_to(run)): path.read_bytes() for path in files if path.name != "times.csv"}


def test_a_run_goes_on_after_each_file_that_found_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = written_suite(tmp_path, freeze_points=[22], train={"epochs": 1}, pretrain={"epochs": 1})
    assert forgetbench("run", suite, "-o", tmp_path / "whole").exit_code == 0
    kept, synced, written = os.fsync, 0, []

    def every_seventh_fails(descriptor: int) -> None:
        nonlocal synced
        synced += 1
        if synced % 7 == 0:
            written.append(synced)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        kept(descriptor)

    monkeypatch.setattr("forgetbench.files.os.fsync", every_seventh_fails)
    (run,) = (tmp_path / "whole").glob("*/*")
    again = tmp_path / "interrupted" / run.parent.name / run.name
    for _ in range(30):
        done = forgetbench("run", suite, "-o", tmp_path / "interrupted")
        assert list(again.rglob("*.part")) == []
        if done.exit_code == 0:
            break
        assert done.exit_code == 1
        said = done.stderr.splitlines()[-1]
        assert said.startswith(f"error: {again}/")
        assert said.endswith(
            "cannot be written; found no room is left on the disk. Make room, then run the same command again: it goes "
            "on where it stopped."
        )
        if len(written) >= 4:
            monkeypatch.undo()
    assert len(written) >= 4
    assert done.exit_code == 0
    assert tables_of(again) == tables_of(run)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "{suite}", "-o", "{file}"], "cannot be written; found a part of its path is a file, not a folder"),
        (["run", "{suite}", "-o", "{deep}"], "cannot be written; found the path is longer than the system allows"),
        (["schema", "-o", "/dev/full"], "/dev/full: cannot be written; expected a file, or nothing yet"),
        (["schema", "-o", "{file}/x"], "cannot be written; found a part of its path is a file, not a folder"),
        (["schema", "-o", "x" * 256], "cannot be written; found the path is longer than the system allows"),
    ],
)
def test_a_place_that_cannot_be_written_costs_nothing(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    suite = written_suite(tmp_path, model="yolov8p-shapes.safetensors", freeze_points=[22])
    (tmp_path / "file").write_text("precious")
    places = {"suite": suite, "file": tmp_path / "file", "deep": tmp_path.joinpath(*["d" * 50] * 80)}
    before = {path.name for path in tmp_path.iterdir()}
    done = forgetbench(*(argument.format(**places) for argument in arguments))
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} - {"cache"} == before
    assert (tmp_path / "file").read_text() == "precious"
    assert Path("/dev/full").is_char_device()
