"""Claims matched with arms, and judged anew in a finished run."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.claims import GAIN, RETENTION
from support.factories import written_suite
from support.finished_run import copy_of_tiny_run

from forgetbench.plan.plan import Plan, make_plan
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.differences import ClaimRow
from forgetbench.record.table_files import read_table
from forgetbench.suite.load import load_suite
from forgetbench.sweep.execute import run_suite

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

CPU = torch.device("cpu")


def planned(folder: Path, **changes: Any) -> Plan:
    return make_plan(load_suite(written_suite(folder, **changes)), device=CPU, train_originals=False)


def test_claims_do_not_name_the_run(tmp_path: Path) -> None:
    assert planned(tmp_path).run_id() == planned(tmp_path, claims=[RETENTION]).run_id()


def test_a_finished_run_is_judged_by_new_claims_without_training(tiny_run: Path, tmp_path: Path) -> None:
    folder = RunFolder(copy_of_tiny_run(tiny_run, tmp_path))
    assert read_table(folder.path / "claims.csv", ClaimRow).empty
    before = {path: path.read_bytes() for path in (folder.path / "detections").glob("*")}
    retention_below = {**RETENTION, "name": "null", "attach": "freeze-point"}
    with_claims = written_suite(tmp_path, claims=[RETENTION, retention_below, GAIN])
    again = run_suite(with_claims, output=tmp_path / "runs", device="cpu")
    assert again.path == folder.path
    judged = read_table(folder.path / "claims.csv", ClaimRow).set_index(["claim", "treatment"])
    null_control = judged.loc[["null"]]
    assert set(null_control["verdict"]) == {"supported"}
    assert null_control["by_construction"].all()
    assert judged.loc[("deeper", "15"), "verdict"] == "not measured"
    assert judged.loc[("retention", "all-but-head (22)"), "by_construction"]
    assert not judged.loc[("retention", "backbone (10)"), "by_construction"]
    assert "### null: supported (by construction)" in (folder.path / "summary.md").read_text()
    assert {path: path.read_bytes() for path in (folder.path / "detections").glob("*")} == before
    assert folder.read_manifest()["suite"]["claims"][0]["name"] == "retention"
