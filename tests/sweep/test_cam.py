"""Class activation maps as a run makes them: which networks and images, the files, and what must be right before."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pandas as pd
import pytest
from support.factories import tiny_suite

import forgetbench
from forgetbench.data.shapes.world import draw_world
from forgetbench.evaluate.detections import load_detections
from forgetbench.evaluate.image_score import image_scores
from forgetbench.record.folder import RunFolder
from forgetbench.report.write import write_report
from forgetbench.suite.data_section import Data
from forgetbench.sweep import stages

RULES = ["random", "largest-gain", "largest-loss"]


@pytest.fixture(scope="module", autouse=True)
def maps_alone() -> Iterator[None]:
    """Draw activation maps, but no charts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forgetbench.report.write.CHARTS", {})
        yield


def cam_table(run: RunFolder | forgetbench.Run) -> pd.DataFrame:
    return pd.read_csv(run.path / "cam.csv")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    pytest.importorskip("pytorch_grad_cam")
    folder = tmp_path_factory.mktemp("cam")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORGETBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        return RunFolder(forgetbench.run(suite(folder), output=folder / "runs").path)


def suite(folder: Path, **changes: Any) -> dict[str, Any]:
    """Return a suite that draws two maps per rule, of the last of two checkpoints of two arms and two seeds."""
    given = {"freeze_points": ["all-but-head", "none"], "seeds": [1, 0], "cam": {"images": 2}, **changes}
    return tiny_suite(folder, **given)


def test_the_table_has_every_network_on_every_image(finished: RunFolder) -> None:
    table = cam_table(finished)
    assert list(table.columns) == [
        "model", "dataset", "role", "rule", "image", "arm", "epoch", "head", "score", "method"
    ]  # fmt: skip
    arms = ["tiny-yolov8-freeze22-seed1", "tiny-yolov8-freeze0-seed1"]
    for (role, _, _), group in table.groupby(["role", "rule", "image"], sort=False):
        assert group["arm"].tolist() == ["original", *arms]
        assert group["epoch"].tolist() == [0, 2, 2]
        assert group["score"].isna().tolist()[0] or role == "reference"  # the original knows other classes
    chosen = table.groupby(["role", "rule"])["image"].nunique()
    assert chosen["target", "random"] == chosen["reference", "random"] == 2
    assert {("target", "largest-loss"), ("reference", "largest-gain")}.isdisjoint(chosen.index)
    assert set(table["method"]) <= {"grad-cam", "eigen-cam"}


def test_scores_are_those_of_the_stored_detections(finished: RunFolder) -> None:
    table, results = cam_table(finished), finished.results()
    dataset = draw_world(Data(**suite(finished.path.parent)["target"]), "evaluate")
    names = [sample.image.name for sample in dataset.samples]
    for arm, rows in table[(table["role"] == "target") & (table["arm"] != "original")].groupby("arm"):
        row = results[(results["arm"] == arm) & (results["role"] == "target") & (results["epoch"] == 2)].iloc[0]
        scores = image_scores(dataset, load_detections(finished.path / "detections" / row["detections"])[0])
        for image, score in zip(rows["image"], rows["score"], strict=True):
            assert scores[names.index(image)] == (None if pd.isna(score) else score)


def test_the_summary_shows_the_figures_and_keeps_them_when_drawn_again(finished: RunFolder) -> None:
    for role in ("target", "reference"):
        assert cv2.imread(str(finished.path / "figures" / f"cam-tiny-yolov8-{role}.png")) is not None
    before = (finished.path / "summary.md").read_text(encoding="utf-8")
    assert "![cam-tiny-yolov8-target](figures/cam-tiny-yolov8-target.png)" in before
    assert "Class activation maps (Grad-CAM, red most) show" in before
    write_report(finished.path)
    assert (finished.path / "summary.md").read_text(encoding="utf-8") == before


def test_a_finished_run_gets_maps_without_working_again_and_they_are_the_same(
    finished: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("worked again")

    plain = suite(finished.path.parents[2])
    cam = plain.pop("cam")
    run = forgetbench.run(plain, output=tmp_path)
    assert run.path.name == finished.path.name
    assert not (run.path / "cam.csv").exists()
    monkeypatch.setattr(stages, "measuring_jobs", refuse)
    monkeypatch.setattr("forgetbench.sweep.scoring.run_pass", refuse)
    forgetbench.run({**plain, "cam": cam}, output=tmp_path)
    drawn = [f"figures/cam-tiny-yolov8-{role}.png" for role in ("target", "reference")]
    for name in ("cam.csv", *drawn):
        assert (run.path / name).read_bytes() == (finished.path / name).read_bytes(), name
    assert all(name in (run.path / "summary.md").read_text(encoding="utf-8") for name in drawn)
    monkeypatch.setattr("forgetbench.sweep.cam.write_cams", refuse)
    forgetbench.run({**plain, "cam": cam}, output=tmp_path)
    forgetbench.run(plain, output=tmp_path)


def copied(run: RunFolder, output: Path) -> RunFolder:
    """Return a copy of a finished run, to draw other maps of."""
    return RunFolder(Path(shutil.copytree(run.path, output / run.path.parent.name / run.path.name)))


def test_images_are_chosen_by_gain_over_the_reference_arm_and_loss_of_the_original(
    finished: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores in the order of the columns: head-only and full training, then the original and both again."""
    kept: list[list[float | None]] = [[0.2, 0.0, 0.5, 0.1], [0.3, None, 0.5, 0.9]]
    lost: list[list[float | None]] = [[1.0] * 6, [1.0] * 6, [1.0, 0.0, 0.5, None, 1.0, 1.0]]
    scores = iter(kept + lost)
    monkeypatch.setattr("forgetbench.sweep.cam_networks.image_scores", lambda *_: next(scores))
    run = copied(finished, tmp_path)
    cam = {"rules": ["largest-loss", "largest-gain"], "images": 2, "method": "eigen-cam", "modules": [4, 15]}
    forgetbench.run(suite(finished.path.parents[2], cam=cam), output=tmp_path)
    table = cam_table(run)
    shown = table[["role", "rule", "image"]].drop_duplicates().to_numpy().tolist()
    assert shown == [
        ["target", "largest-gain", "000003.png"], ["target", "largest-gain", "000000.png"],
        ["reference", "largest-loss", "000001.png"], ["reference", "largest-loss", "000002.png"],
    ]  # fmt: skip
    assert table["score"].isna().tolist() == [True, False, False, True, *[False] * 8]
    assert table["score"].dropna().tolist() == [0.1, 0.9, 0.2, 0.3, 1.0, 1.0, 0.0, 1.0, 1.0, 0.5]
    assert set(table["method"]) == {"eigen-cam"}


def test_where_nothing_is_left_to_show_no_earlier_figure_stays(finished: RunFolder, tmp_path: Path) -> None:
    run = copied(finished, tmp_path)
    forgetbench.run(suite(finished.path.parents[2], cam={"rules": ["largest-gain"]}), output=tmp_path)
    assert len(cam_table(run)) == 0  # arms of two epochs detect nothing, so none gains
    assert not list((run.path / "figures").glob("cam-*"))
    assert "activation maps" not in (run.path / "summary.md").read_text(encoding="utf-8")


def test_yolov10_shows_the_first_head_that_is_scored(tmp_path: Path) -> None:
    pytest.importorskip("pytorch_grad_cam")
    given = tiny_suite(
        tmp_path, "yolov10", freeze_points=["all-but-head", "none"], train={"epochs": 1}, cam={"images": 1},
    )  # fmt: skip
    table = cam_table(forgetbench.run(given, output=tmp_path / "runs"))
    assert set(table["head"]) == {"one-to-one"}
    assert {"target", "reference"} == set(table["role"])


def test_from_scratch_there_is_no_gain_to_choose_by(tmp_path: Path) -> None:
    pytest.importorskip("pytorch_grad_cam")
    given = tiny_suite(
        tmp_path, freeze_points=["none"], train={"epochs": 1, "pretrained": False}, cam={"images": 1, "rules": RULES}
    )
    table = cam_table(forgetbench.run(given, output=tmp_path / "runs"))
    assert set(table.loc[table["role"] == "target", "rule"]) == {"random"}
