"""Claims matched with arms, and judged anew in a finished run."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.claims import GAIN, RETENTION
from support.factories import written_suite
from support.finished_run import copy_of_tiny_run
from support.killed import contents

from forgetbench.errors import InputError
from forgetbench.plan.plan import Plan, make_plan
from forgetbench.proof.verify import verify_run
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.differences import ClaimRow, EvidenceRow, IntervalRow
from forgetbench.record.table_files import read_table
from forgetbench.suite.load import load_suite
from forgetbench.sweep.execute import run_suite
from forgetbench.sweep.redraw import redraw

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


def lines(run: Path, name: str) -> list[str]:
    return (run / name).read_text("utf-8").splitlines()


def test_a_finished_run_keeps_other_classes_and_no_number_changes(tiny_run: Path, tmp_path: Path) -> None:
    folder = RunFolder(copy_of_tiny_run(tiny_run, tmp_path))
    before = contents(folder.path)
    claim = {**RETENTION, "name": "of-kept", "measure": "ap_kept", "attach": "freeze-point"}

    def again(**changes: Any) -> None:
        done = run_suite(written_suite(tmp_path, **changes), output=tmp_path / "runs", device="cpu")
        assert done.path == folder.path
        assert verify_run(done.path).findings == []

    again(keep=["ring", "star"], claims=[claim])
    assert folder.read_manifest()["suite"]["keep"] == ["ring", "star"]
    for name, kind in (("intervals.csv", IntervalRow), ("evidence.csv", EvidenceRow)):
        found = read_table(folder.path / name, kind)
        of_kept = found[found["measure"].isin(["ap_kept", "ap50_kept"])]
        assert len(of_kept) == 2 * ((found["quantity"] == "forgetting") & (found["measure"] == "ap")).sum()
        assert set(of_kept["quantity"]) == {"forgetting"}
        assert lines(folder.path, name)[: -len(of_kept)] == before[name].decode().splitlines()
    judged = read_table(folder.path / "claims.csv", ClaimRow)
    assert set(zip(judged["measure"], judged["verdict"], strict=True)) == {("ap_kept", "supported")}

    again(keep=["circle"], claims=[claim])
    assert folder.read_manifest()["suite"]["keep"] == ["circle"]
    again()
    after = contents(folder.path)
    assert {name for name in before if after[name] != before[name]} == set()
    assert after.keys() == before.keys()


def test_classes_to_keep_are_named_for_a_run_without_its_suite(tiny_run: Path, tmp_path: Path) -> None:
    run = copy_of_tiny_run(tiny_run, tmp_path)
    written = redraw(run, keep=["ring"])
    assert run / "summary.md" in written
    assert verify_run(run).findings == []
    by_report = contents(run)
    assert run_suite(written_suite(tmp_path, keep=["ring"]), output=tmp_path / "runs", device="cpu").path == run
    assert contents(run) == by_report
    assert redraw(run, keep=["ring"]) == written
    assert contents(run) == by_report


def test_what_cannot_be_kept_changes_nothing(tiny_run: Path, tmp_path: Path) -> None:
    run = copy_of_tiny_run(tiny_run, tmp_path)
    before = contents(run)
    for keep, problem in (
        (["rng"], "--keep: no such class of the reference"),
        ([], "--keep: names no class; expected names with commas"),
        (["ring", "ring"], "--keep: keep: 'ring' is listed twice"),
    ):
        with pytest.raises(InputError, match=problem):
            redraw(run, keep=keep)
    (run / "DONE").rename(run / "journal")
    with pytest.raises(InputError, match=r"the run is not finished. Write 'keep' into its suite"):
        redraw(run, keep=["ring"])
    (run / "journal").rename(run / "DONE")
    assert contents(run) == before
