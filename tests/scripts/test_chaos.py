"""Runs killed a few times; `scripts/chaos` does it two hundred times."""

import os
import re
import subprocess
import sys
from pathlib import Path

from reliability.chaos import compare
from support.finished_run import copy_of, last_digit


def test_killed_runs_end_as_one_that_nobody_killed() -> None:
    root = Path(__file__).parents[2]
    path = os.pathsep.join(map(str, (root, root / "scripts", root / "tests")))
    code = "from reliability.chaos import main; from support.charts import not_drawn\nwith not_drawn(): main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--kills", "4", "--seed", "14"],
        env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = re.findall(r"(\d+) kills, (\d+) runs finished, (\d+) failures", done.stdout)
    assert said[-1][0] == "4"
    assert int(said[-1][1]) >= 1
    assert said[-1][2] == "0"


def test_what_differs_from_the_run_that_nobody_killed_is_named(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    table = run / "results.csv"
    table.write_text(last_digit(table.read_text(encoding="utf-8").rstrip()) + "\n", encoding="utf-8")
    (run / "detections" / "left").touch()
    (run / "drift.csv").unlink()
    found = compare(small_run, run)
    assert found[:3] == ["detections/left: left behind", "drift.csv: missing", "results.csv: other bytes"]
    assert "verify: results.csv: changed, its hash is not the one in DONE" in found
