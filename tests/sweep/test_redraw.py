"""A run's report drawn again."""

from pathlib import Path

import pytest
from support.finished_run import copy_of
from support.madeup_run import write_run

from forgetbench.errors import CorruptRunError
from forgetbench.files import sha256_file
from forgetbench.record.seal import read_seal
from forgetbench.sweep.redraw import redraw

pytestmark = pytest.mark.usefixtures("charts_not_drawn")


def test_a_finished_run_is_sealed_with_what_is_new_and_nothing_else(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "summary.md").write_text("other")
    (run / "losses.csv").write_bytes((run / "losses.csv").read_bytes() + b"\n")
    before = read_seal(run)
    written = redraw(run)
    assert run / "summary.md" in written
    assert (run / "summary.md").read_text().startswith("# small")
    after = read_seal(run)
    assert after["summary.md"] == sha256_file(run / "summary.md")
    assert after["losses.csv"] == before["losses.csv"] != sha256_file(run / "losses.csv")
    assert after.keys() == before.keys()


def test_a_run_that_is_not_finished_is_drawn_and_not_sealed(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    assert run / "summary.md" in redraw(run)
    assert not (run / "DONE").exists()


def test_a_run_that_cannot_be_read_stays_as_it_is(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "results.csv").write_text("arm\n")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != ".lock"}
    with pytest.raises(CorruptRunError, match=r"results\.csv: columns are missing"):
        redraw(run)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != ".lock"} == before
