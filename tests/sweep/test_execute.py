"""The whole job on a tiny model and the shapes world: files, numbers, resuming, two processes on one run."""

import csv
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from filelock import FileLock
from safetensors import safe_open
from support.factories import tiny_suite, written_suite
from support.finished_run import copy_of_tiny_run

import forgetbench
from forgetbench.errors import RunError, RunLockedError, SuiteError
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.detections import load_detections
from forgetbench.evaluate.passes import run_pass
from forgetbench.plan.plan import Plan
from forgetbench.proof.verify import verify_run
from forgetbench.record.folder import RunFolder
from forgetbench.suite.data_section import Data
from forgetbench.sweep import jobs, scoring, stages
from forgetbench.sweep.train_sessions import train_arms

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

RESULT_COLUMNS = [
    *("arm", "model", "freeze_point", "strategy", "seed", "epoch", "dataset", "role", "attach", "head"),
    *("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "images", "instances"),
]
TABLES = (
    *("results.csv", "per_class.csv", "gradients.csv", "memory.csv", "losses.csv"),
    *("intervals.csv", "evidence.csv", "operating.csv", "drift.csv", "batchnorm.csv"),
)


@pytest.fixture(scope="module")
def finished(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(copy_of_tiny_run(tiny_run, tmp_path_factory.mktemp("whole")))


def test_a_run_leaves_every_file_the_design_names(finished: RunFolder) -> None:
    names = {path.name for path in finished.path.iterdir() if not path.name.startswith(".")}
    assert {*TABLES, "times.csv", "manifest.json", "summary.md", "checkpoints", "detections", "figures"} <= names
    assert finished.complete
    assert finished.path.parent.name == "tiny"
    assert {path.suffix for path in (finished.path / "figures").iterdir()} == {".svg", ".png"}
    newest = max(finished.path.rglob("*"), key=lambda path: path.stat().st_mtime_ns)
    assert newest.name == "DONE"
    assert not list(finished.path.rglob("*.part"))
    assert not list(finished.path.rglob("state-*.pt"))


def test_results_are_tidy(finished: RunFolder) -> None:
    with (finished.path / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[: len(RESULT_COLUMNS)] == RESULT_COLUMNS
    originals = [row for row in rows if row["arm"] == "original"]
    assert [(row["epoch"], row["role"], row["freeze_point"]) for row in originals] == [("0", "reference", "")]
    arms = {row["arm"] for row in rows} - {"original"}
    assert {arm.split("-")[-2] for arm in arms} == {"freeze22", "freeze10", "freeze0"}
    assert len(rows) == 1 + 3 * 2 * (1 + 2)  # arms x epochs x (target, reference at two attach points)
    assert all(row["attach"] == "" for row in rows if row["role"] == "target")
    assert {row["attach"] for row in rows if row["role"] == "reference"} == {"head", "freeze-point"}


def test_what_cannot_have_been_forgotten_was_not(finished: RunFolder) -> None:
    results = finished.results()
    original = results.loc[results["arm"] == "original", "ap"].item()
    null_control = results[results["attach"] == "freeze-point"]
    assert set(null_control["ap"]) == {original}
    head_only = results[(results["freeze_point"] == 22) & (results["role"] == "reference")]
    assert set(head_only["ap"]) == {original}
    assert set(head_only["detections"]) == set(null_control["detections"])


def test_equal_networks_are_evaluated_once(finished: RunFolder) -> None:
    results = finished.results()
    files = {path.name for path in (finished.path / "detections").glob("*.safetensors")}
    parts = pd.read_csv(finished.path / "batchnorm.csv").query("adapted != 'both'")["detections"].dropna()
    assert set(results["detections"]) == files - set(parts)
    assert len(files) - len(parts) == 1 + 3 * 2 + 2 * 2  # original, target of each checkpoint, reference for 10 and 0
    assert len(parts) == 2 * 2  # statistics and weights of the last checkpoints of 10 and 0


def test_scores_can_be_redone_from_the_detections_alone(finished: RunFolder) -> None:
    row = finished.results().query("role == 'target' and epoch == 2 and freeze_point == 0").iloc[0]
    detections, about = load_detections(finished.path / "detections" / row["detections"])
    from forgetbench.data.shapes.world import draw_world

    truth = ground_truth(draw_world(Data(**tiny_suite(finished.path.parent)["target"]), "evaluate"))
    assert score(truth, detections).ap == row["ap"]
    assert about["role"] == "target"


def test_scores_at_operating_points_are_told_for_every_row(finished: RunFolder) -> None:
    operating = pd.read_csv(finished.path / "operating.csv", dtype={"point": str})
    results = finished.results()
    assert operating["arm"][::2].tolist() == operating["arm"][1::2].tolist() == results["arm"].tolist()
    assert operating["detections"][::2].tolist() == results["detections"].tolist()
    assert operating["point"].tolist() == ["0.25", "best-f1"] * len(results)
    measured = operating.dropna(subset="recall")
    assert not measured.empty
    assert measured["recall"].tolist() == (measured["right"] / measured["objects"]).tolist()
    text = (finished.path / "summary.md").read_text(encoding="utf-8")
    assert "### tiny-yolov8: in rank and in score" in text
    assert (finished.path / "figures" / "operating-tiny-yolov8.png").is_file()


def test_what_was_forgotten_agrees_with_the_scores(finished: RunFolder) -> None:
    results = finished.results().query("epoch in (0, 2)")
    ap = {(row["arm"], row["role"], row["attach"]): row["ap"] for row in results.fillna("").to_dict("records")}
    per_class = pd.read_csv(finished.path / "per_class.csv").query("epoch in (0, 2)").fillna("")
    by_class = {
        (row["arm"], row["role"], row["attach"], row["name"]): row["ap"] for row in per_class.to_dict("records")
    }
    arms = {arm["label"]: arm["arm"] for arm in finished.read_manifest()["arms"]}
    errors = pd.read_csv(finished.path / "errors.csv").fillna("").query("measure == 'ap'")
    assert {(row["role"], row["attach"], row["treatment"]) for row in errors.to_dict("records")} == {
        (role, attach, label)
        for role, attach in (("reference", "head"), ("target", ""))
        for label in ("backbone (10)", "none (0)")
    }
    for row in errors.to_dict("records"):
        baseline = "original" if row["role"] == "reference" else arms[row["against"]]
        assert row["before"] == ap[baseline, row["role"], row["attach"]]
        assert row["after"] == ap[arms[row["treatment"]], row["role"], row["attach"]]
    classes = pd.read_csv(finished.path / "classes.csv").fillna("").to_dict("records")
    assert len({row["name"] for row in classes}) > 3
    for row in classes:
        baseline = "original" if row["role"] == "reference" else arms[row["against"]]
        assert row["before"] == by_class[baseline, row["role"], row["attach"], row["name"]]
        assert row["after"] == by_class[arms[row["treatment"]], row["role"], row["attach"], row["name"]]
    text = (finished.path / "summary.md").read_text(encoding="utf-8")
    for said in ("what was forgotten (", "what was learnt (", "(figures/errors-tiny-yolov8.png)"):
        assert said in text
    assert (finished.path / "figures" / "errors-tiny-yolov8.png").is_file()


def test_checkpoints_hold_what_the_branch_owns_and_no_more(finished: RunFolder) -> None:
    for point in (22, 10, 0):
        paths = sorted((finished.path / "checkpoints").glob(f"*freeze{point}-seed0/*.safetensors"))
        assert [path.name for path in paths] == ["epoch-001.safetensors", "epoch-002.safetensors"]
        with safe_open(paths[0], framework="np") as file:
            modules = {int(key.split(".")[1]) for key in file.keys()}  # noqa: SIM118  (not a mapping)
        assert min(modules) >= point
        assert max(modules) == 22


def test_the_manifest_says_what_decided_the_numbers(finished: RunFolder) -> None:
    manifest = finished.read_manifest()
    assert manifest["environment"]["packages"]["torch"]
    assert manifest["suite"]["train"]["optimizer"] == "AdamW"
    assert {arm["freeze_point"]: arm["label"] for arm in manifest["arms"]} == {
        22: "all-but-head (22)", 10: "backbone (10)", 0: "none (0)"
    }  # fmt: skip
    assert all(arm["stopped"] is None and arm["steps"] == 4 for arm in manifest["arms"])
    shares = [arm["trainable_parameters"] / arm["parameters"] for arm in manifest["arms"]]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert manifest["id"] == finished.path.name
    written = json.dumps(manifest)
    for place in (Path.home(), finished.path.parents[2], tempfile.gettempdir(), platform.node()):
        assert str(place) not in written


def test_gradients_of_frozen_modules_are_empty_and_of_others_are_not(finished: RunFolder) -> None:
    table = pd.read_csv(finished.path / "gradients.csv")
    index = table["module"].str.removeprefix("model.").astype(int)
    point = table["arm"].str.extract(r"freeze(\d+)")[0].astype(int)
    assert table.loc[index < point, "norm"].isna().all()
    assert table.loc[index >= point, "norm"].gt(0).all()


def test_running_again_redoes_nothing(finished: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("worked again")

    monkeypatch.setattr(stages, "measuring_jobs", refuse)
    before = {path: path.stat().st_mtime_ns for path in finished.path.rglob("*.csv")}
    again = forgetbench.run(tiny_suite(finished.path.parents[2]), output=finished.path.parents[1])
    assert again.path == finished.path
    assert {path: path.stat().st_mtime_ns for path in finished.path.rglob("*.csv")} == before


def test_another_suite_is_another_run(finished: RunFolder) -> None:
    plan_changes = tiny_suite(finished.path.parents[2], train={"epochs": 1}, freeze_points=[22])
    other = forgetbench.run(plan_changes, output=finished.path.parents[1])
    assert other.path != finished.path
    described = forgetbench.run({**plan_changes, "description": "words"}, output=finished.path.parents[1])
    assert described.path == other.path


def test_a_second_process_on_the_same_run_is_refused(finished: RunFolder) -> None:
    with FileLock(finished.path / ".lock"), pytest.raises(RunLockedError, match="another process"):
        forgetbench.run(tiny_suite(finished.path.parents[2]), output=finished.path.parents[1])


def started(suite: Path, output: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "forgetbench", "run", str(suite), "--output", str(output)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # shells have what runs behind ignore it
    )  # fmt: skip


def interrupted(suite: Path, output: Path, how: signal.Signals) -> tuple[Path, int, str]:
    """Start a run, signal it as soon as it can resume; returns its folder, exit code and last words."""
    process = started(suite, output)
    deadline = time.monotonic() + 120
    while not (journals := [path for path in output.rglob("journal") if "/state-" in path.read_text("utf-8")]):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(how)
    _, words = process.communicate(timeout=60)
    return journals[0].parent, process.returncode, words


#: Of a run that is long enough to be interrupted.
LONGER: dict[str, Any] = {"train": {"epochs": 4}, "target": {"train_images": 16}, "freeze_points": [22, 10]}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("uninterrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORGETBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        return RunFolder(forgetbench.run(tiny_suite(folder, **LONGER), output=folder / "runs").path)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    uninterrupted: RunFolder, tmp_path: Path, how: signal.Signals
) -> None:
    whole, train = uninterrupted, LONGER["train"]
    if how is signal.SIGKILL:  # PyTorch may swallow an interrupt that comes while it ends its workers
        train = train | {"workers": 1}  # a loader process dies with the run, and decides nothing
    suite = written_suite(tmp_path, **LONGER | {"train": train})
    folder, code, words = interrupted(suite, tmp_path / "broken", how)
    assert not (folder / "DONE").exists()
    assert not (folder / "sessions" / "tiny-yolov8-seed0" / "complete.json").exists()
    if how is signal.SIGINT:
        assert code == 1
        assert words.strip() == "interrupted; the same command goes on where it stopped"
    first = next((folder / "checkpoints").rglob("epoch-001.safetensors"))
    written = first.stat().st_mtime_ns
    resumed = forgetbench.run(suite, output=tmp_path / "broken")
    assert resumed.path == folder
    assert first.stat().st_mtime_ns == written
    for name in TABLES:
        assert (resumed.path / name).read_bytes() == (whole.path / name).read_bytes(), name
    checkpoints = sorted(path.relative_to(whole.path) for path in (whole.path / "checkpoints").rglob("*.safetensors"))
    assert len(checkpoints) == 8
    for checkpoint in checkpoints:
        assert (resumed.path / checkpoint).read_bytes() == (whole.path / checkpoint).read_bytes(), checkpoint


def test_yolov10_goes_through_the_whole_job_with_both_heads(tmp_path: Path) -> None:
    claim = {"name": "kept", "says": "so", "source": "p. 1", "quantity": "forgetting", "attach": "head", "below": 0.001}
    suite = tiny_suite(tmp_path, "yolov10", freeze_points=["all-but-head", "none"], train={"epochs": 1}, claims=[claim])
    run = forgetbench.run(suite, output=tmp_path / "runs")
    results = run.results()
    assert len(results) == 2 * (1 + 2 * (1 + 2))
    assert set(results["head"]) == {"one-to-one", "one-to-many"}
    assert set(results["freeze_point"].dropna()) == {23, 0}
    for head in ("one-to-one", "one-to-many"):
        of_head = results[(results["head"] == head) & (results["role"] == "reference")]
        original = of_head.loc[of_head["arm"] == "original", "ap"].item()
        assert set(of_head.loc[of_head["attach"] == "freeze-point", "ap"]) == {original}
    both = results[results["arm"] == "original"]["detections"]
    assert both.nunique() == 2
    claims = pd.read_csv(run.path / "claims.csv")
    assert claims.groupby("treatment")["head"].apply(list).to_dict() == {
        point: ["one-to-one", "one-to-many"] for point in ("all-but-head (23)", "none (0)")
    }
    text = (run.path / "summary.md").read_text(encoding="utf-8")
    tables = text.split("\n## ")
    for head in ("one-to-one", "one-to-many"):
        (part,) = [table for table in tables if table.startswith(f"tiny-yolov10, {head} head: ")]
        assert part.count(f"- This is the {head} head, with") == 1
        assert f"### tiny-yolov10, {head} head: how sure" in part
    assert verify_run(run.path).findings == []


def test_a_branch_out_of_patience_stops_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    falling = {22: iter([0.3, 0.2, 0.1, 0.0]), 0: iter([0.1, 0.2, 0.3, 0.4])}

    def with_known_ap(plan: Plan, arms: Any, folder: Any, device: Any, progress: Any, _target_ap: Any) -> None:
        train_arms(plan, arms, folder, device, progress, lambda arm, _epoch: next(falling[arm.freeze_point]))

    monkeypatch.setattr(jobs, "train_arms", with_known_ap)
    suite = tiny_suite(tmp_path, freeze_points=[22, 0], train={"epochs": 4, "patience": 2})
    run = forgetbench.run(suite, output=tmp_path / "runs")
    last = run.results().groupby("freeze_point")["epoch"].max()
    assert dict(last) == {22.0: 3, 0.0: 4}
    stopped = {arm["freeze_point"]: arm["stopped"] for arm in run.manifest["arms"]}
    assert stopped == {22: "no better target AP in 2 evaluations", 0: None}


def test_patience_looks_at_the_target_ap_of_each_checkpoint(tmp_path: Path) -> None:
    suite = tiny_suite(
        tmp_path, freeze_points=[22], train={"epochs": 4, "patience": 1, "lr0": 1e-9, "warmup_epochs": 0}
    )
    run = forgetbench.run(suite, output=tmp_path / "runs")
    results = run.results().query("role == 'target'")
    assert results["epoch"].tolist() == [1, 2]  # nothing is learnt, so the second is not better
    assert run.manifest["arms"][0]["stopped"] == "no better target AP in 1 evaluations"


def test_only_every_nth_epoch_and_the_last_is_scored(tmp_path: Path) -> None:
    suite = tiny_suite(tmp_path, freeze_points=[22], train={"epochs": 3}, evaluation={"every": 2})
    run = forgetbench.run(suite, output=tmp_path / "runs")
    assert sorted(set(run.results()["epoch"])) == [0, 2, 3]


def test_several_passes_score_as_one_pass(finished: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MODULE_SHARE", 0)
    split = forgetbench.run(tiny_suite(finished.path.parents[2]), output=tmp_path)
    assert (split.path / "results.csv").read_bytes() == (finished.path / "results.csv").read_bytes()


def test_a_pass_that_the_device_has_no_room_for_is_split(
    finished: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def narrow(store: Any, networks: Sequence[Any], *rest: Any) -> None:
        tried.append(len(networks))
        run_pass(store, networks[:2], *rest)  # what a pass found before it ran out of memory is not kept
        if len(networks) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(scoring, "run_pass", narrow)
    split = forgetbench.run(tiny_suite(finished.path.parents[2]), output=tmp_path)
    assert max(tried) > 2
    assert (split.path / "results.csv").read_bytes() == (finished.path / "results.csv").read_bytes()
    assert sorted(p.name for p in split.path.rglob("*")) == sorted(p.name for p in finished.path.rglob("*"))


def test_one_network_without_room_says_what_to_lower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(scoring, "run_pass", full)
    with pytest.raises(RunError, match=r"does not fit into the device's memory.*Lower evaluation\.batch"):
        forgetbench.run(tiny_suite(tmp_path, freeze_points=[22], train={"epochs": 1}), output=tmp_path / "runs")


def test_from_scratch_has_no_gain_and_forgets_all_the_same(tmp_path: Path) -> None:
    suite = tiny_suite(tmp_path, freeze_points=["none"], train={"epochs": 1, "pretrained": False})
    run = forgetbench.run(suite, output=tmp_path / "runs")
    assert len(run.results()) == 1 + 1 + 2
    assert run.manifest["reference_arms"] == {}
    assert "no gain to measure" in (run.path / "summary.md").read_text(encoding="utf-8")


def test_wrong_input_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="lies beyond the detection head"):
        forgetbench.run(tiny_suite(tmp_path, freeze_points=[23]), output=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
