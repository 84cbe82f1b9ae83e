"""Drift and the share of BatchNorm statistics of a whole run on the shapes world."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from support.factories import tiny_suite
from support.finished_run import copy_of

import forgetbench
from forgetbench.derive.batchnorm import batchnorm_rows
from forgetbench.derive.source import Source
from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.detections import load_detections
from forgetbench.evaluate.feature_drift import feature_drift
from forgetbench.files import write_json
from forgetbench.progress import Silent
from forgetbench.proof.verify import verify_run
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.rows.drift import BatchNormRow
from forgetbench.sweep import drift_tables, jobs
from forgetbench.sweep.finished import reopen

pytestmark = pytest.mark.usefixtures("charts_not_drawn")

CHANGES: dict[str, Any] = {"attach_points": ["head"], "evaluation": {"resamples": 50}}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("drift")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORGETBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        return RunFolder(forgetbench.run(tiny_suite(folder, **CHANGES), output=folder / "runs").path)


def table(run: RunFolder, name: str) -> pd.DataFrame:
    return pd.read_csv(run.path / name, float_precision="round_trip")


def test_modules_that_train_have_moved_and_others_are_empty(finished: RunFolder) -> None:
    found = table(finished, "drift.csv")
    assert len(found) == 3 * 22
    assert set(found["epoch"]) == {2}
    index = found["module"].str.removeprefix("model.").astype(int)
    point = found["arm"].str.extract(r"freeze(\d+)")[0].astype(int)
    measured = ["cka", "distance", "weight_change", "mean_change", "variance_change", "images"]
    assert found.loc[index < point, measured].isna().all(axis=None)
    trained = found[index >= point]
    before_any = trained["arm"].str.contains("freeze10") & trained["module"].isin(["model.10", "model.11"])
    assert trained.loc[before_any, ["cka", "distance"]].to_numpy().tolist() == [[1.0, 0.0]] * 2
    assert trained.loc[~before_any, "distance"].gt(0).all()
    assert trained["images"].eq(6).all()
    without = trained["kind"].isin(["Upsample", "Concat"])
    assert trained.loc[without, measured[2:5]].isna().all(axis=None)
    assert trained.loc[~without, measured[2:5]].gt(0).all(axis=None)


def test_head_only_has_no_statistics_to_put_back(finished: RunFolder) -> None:
    found = table(finished, "batchnorm.csv")
    assert found.groupby("arm")["adapted"].agg(list).tolist() == [["statistics", "weights", "both"]] * 3
    head_only = found[found["arm"].str.contains("freeze22")]
    assert head_only[["ap", "forgetting", "low", "high", "detections"]].isna().all(axis=None)
    assert found[~found["arm"].str.contains("freeze22")].notna().all(axis=None)


def test_both_is_the_checkpoint_as_the_other_tables_have_it(finished: RunFolder) -> None:
    both = table(finished, "batchnorm.csv").dropna().query("adapted == 'both'").set_index("arm")
    results = finished.results().query("role == 'reference' and epoch == 2").set_index("arm")
    intervals = table(finished, "intervals.csv").query("measure == 'ap' and attach == 'head' and epoch == 2")
    intervals = intervals.set_index("arm")
    for arm in both.index:
        assert both.loc[arm, ["ap", "detections"]].tolist() == results.loc[arm, ["ap", "detections"]].tolist()
        columns = ["low", "high"]
        assert both.loc[arm, columns].tolist() == intervals.loc[arm, columns].tolist()
        assert both.loc[arm, "forgetting"] == intervals.loc[arm, "value"]


def test_each_part_is_a_network_of_its_own(finished: RunFolder) -> None:
    found = table(finished, "batchnorm.csv").dropna()
    assert found["detections"].nunique() == 6
    about = [load_detections(finished.path / "detections" / name)[1] for name in found["detections"]]
    assert {record["role"] for record in about} == {"reference"}
    assert f"detections/{found['detections'].iloc[0]}" in (finished.path / "DONE").read_text(encoding="utf-8")


def test_the_table_follows_from_detections_and_annotations(finished: RunFolder, tmp_path: Path) -> None:
    written = (finished.path / "batchnorm.csv").read_bytes()
    copied = RunFolder(tmp_path / "copy")
    copied.path.mkdir()
    for name in ("manifest.json", "results.csv", "detections", "annotations"):
        (copied.path / name).symlink_to(finished.path / name)
    tampered = table(finished, "batchnorm.csv")
    tampered.loc[tampered["adapted"] == "weights", ["ap", "low"]] = 0.987
    tampered.to_csv(copied.path / "batchnorm.csv", index=False)
    copied.write_table("again.csv", columns_of(BatchNormRow), batchnorm_rows(Source(copied, Silent())))
    assert (copied.path / "again.csv").read_bytes() == written
    (copied.path / "annotations").unlink()
    with pytest.raises(CorruptRunError):
        list(batchnorm_rows(Source(copied, Silent())))


def test_without_resamples_there_are_no_intervals(finished: RunFolder, tmp_path: Path) -> None:
    copied = RunFolder(copy_of(finished.path, tmp_path))
    manifest = copied.read_manifest()
    manifest["suite"]["evaluation"]["resamples"] = 0
    write_json(copied.path / "manifest.json", manifest)
    rows = list(batchnorm_rows(Source(copied, Silent())))
    assert {(row.low, row.high) for row in rows} == {(None, None)}
    assert [row.ap for row in rows if row.ap is not None] == table(finished, "batchnorm.csv")["ap"].dropna().tolist()


def test_the_report_has_its_section(finished: RunFolder) -> None:
    text = (finished.path / "summary.md").read_text(encoding="utf-8")
    assert "### tiny-yolov8: where it was forgotten" in text
    for name in ("drift-tiny-yolov8", "batchnorm-tiny-yolov8"):
        assert f"![{name}](figures/{name}.png)" in text
        assert (finished.path / "figures" / f"{name}.svg").is_file()


def test_what_is_on_disk_is_not_computed_again(finished: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("worked again")

    monkeypatch.setattr(drift_tables, "feature_drift", refuse)
    before = {name: (finished.path / name).read_bytes() for name in ("drift.csv", "batchnorm.csv", "summary.md")}
    reopen(finished.path)
    again = forgetbench.run(tiny_suite(finished.path.parents[2], **CHANGES), output=finished.path.parents[1])
    assert again.path == finished.path
    assert again.complete
    assert {name: (finished.path / name).read_bytes() for name in before} == before


def test_several_goes_find_what_one_finds(finished: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift_tables, "MOST_TOGETHER", 1)
    split = forgetbench.run(tiny_suite(finished.path.parents[2], **CHANGES), output=tmp_path)
    for name in ("drift.csv", "batchnorm.csv"):
        assert (split.path / name).read_bytes() == (finished.path / name).read_bytes()


def test_without_room_for_all_there_are_fewer_at_once_and_without_room_for_one_nothing_is_known(
    finished: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = [1]

    def narrow(store: Any, networks: Any, *rest: Any) -> Any:
        if len(networks) > room[0]:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return feature_drift(store, networks, *rest)

    def measured_again(room_for: int) -> pd.DataFrame:
        room[0] = room_for
        output = tmp_path / str(room_for)
        copied = output / finished.path.relative_to(finished.path.parents[1])
        shutil.copytree(finished.path, copied)
        reopen(copied)
        (copied / "drift.csv").unlink()
        run = forgetbench.run(tiny_suite(finished.path.parents[2], **CHANGES), output=output)
        assert run.path == copied
        return table(RunFolder(run.path), "drift.csv")

    monkeypatch.setattr(drift_tables, "feature_drift", narrow)
    pd.testing.assert_frame_equal(measured_again(1), table(finished, "drift.csv"), check_exact=True)
    unknown = measured_again(0)
    assert unknown[["cka", "distance", "images"]].isna().all(axis=None)
    changes = ["weight_change", "mean_change", "variance_change"]
    pd.testing.assert_frame_equal(unknown[changes], table(finished, "drift.csv")[changes], check_exact=True)


def test_both_heads_of_yolov10_are_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = tiny_suite(
        tmp_path, "yolov10", freeze_points=["all-but-head", "backbone"], train={"epochs": 1},
        evaluation={"resamples": 0},
    )  # fmt: skip
    monkeypatch.setattr(jobs, "write_report", lambda *_, **__: [])
    run = forgetbench.run(suite, output=tmp_path / "runs")
    folder = RunFolder(run.path)
    found = table(folder, "batchnorm.csv")
    assert found.groupby(["arm", "head"]).size().tolist() == [3] * 4
    assert len(table(folder, "drift.csv")) == 2 * 23


def test_a_suite_may_do_without(tmp_path: Path) -> None:
    run = forgetbench.run(tiny_suite(tmp_path, evaluation={"drift": False}), output=tmp_path / "runs")
    assert not (run.path / "drift.csv").exists()
    assert not (run.path / "batchnorm.csv").exists()
    assert "where it was forgotten" not in (run.path / "summary.md").read_text(encoding="utf-8")
    assert verify_run(run.path).findings == []
