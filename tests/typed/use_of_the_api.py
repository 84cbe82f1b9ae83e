"""What a type checker has to understand of `import forgetbench`; never run."""

from pathlib import Path
from typing import assert_type

import pandas as pd

import forgetbench
from forgetbench.housekeeping.freed import Cleaning
from forgetbench.housekeeping.runs import RunStatus
from forgetbench.plan.new import NewSuite
from forgetbench.proof.pack import Packed
from forgetbench.proof.verify import Verification
from forgetbench.sweep.estimates.check import Check
from forgetbench.sweep.reproduce import Reproduction

run = forgetbench.run("quickstart", overrides=["train.epochs=1"], output=Path("runs"))
assert_type(run, forgetbench.Run)
assert_type(run.path, Path)
assert_type(run.complete, bool)
assert_type(run.results(), pd.DataFrame)
assert_type(run.tables["evidence"], pd.DataFrame)
assert_type(run.checkpoints, list[forgetbench.Checkpoint])
assert_type(run.checkpoints[0].epoch, int)
assert_type(run.figures, list[Path])
assert_type(forgetbench.open_run("runs/quickstart/0123456789ab"), forgetbench.Run)
assert_type(forgetbench.check({"name": "mine"}, estimate=False), Check)
assert_type(forgetbench.runs(), list[RunStatus])
assert_type(forgetbench.clean([run, "runs"], yes=True), Cleaning)
assert_type(forgetbench.verify(run), Verification)
assert_type(forgetbench.pack(run, checkpoints=False), Packed)
assert_type(forgetbench.reproduce("run.tar.gz"), Reproduction)
assert_type(forgetbench.new("mine", "photos", format="yolo", classes_from=0), NewSuite)


class Plain(forgetbench.Strategy):
    """A strategy of one's own."""

    name = "plain"


try:
    forgetbench.run("mine.yaml")
except forgetbench.InputError as error:
    assert_type(error.exit_code, int)
