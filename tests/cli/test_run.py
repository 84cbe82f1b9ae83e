"""`forgetbench run`: what it prints, and that it goes on where it stopped."""

from pathlib import Path

import pytest
from support.called import call
from support.factories import written_suite

pytestmark = pytest.mark.usefixtures("charts_not_drawn")


def test_run_prints_the_summary_and_where_the_charts_are(tmp_path: Path) -> None:
    suite = written_suite(tmp_path, freeze_points=[22, 0])
    done = call("run", suite, "--set", "train.epochs=1", "-o", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    folder = next((tmp_path / "runs" / "tiny").iterdir())
    assert (folder / "DONE").is_file()
    assert "all-but-head (22)" in done.output
    assert f"charts   {folder / 'figures'}" in done.output
    assert "training 2 branches of tiny-yolov8, seed 0: 2 batches" in done.output
    assert "\x1b[" not in done.output
    again = call("run", suite, "--set", "train.epochs=1", "-o", tmp_path / "runs", "--quiet")
    assert (again.exit_code, again.output) == (0, "")
