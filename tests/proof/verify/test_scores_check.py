"""Scores made again from detections, and networks held against checkpoints."""

from pathlib import Path

from support.finished_run import change_cell, change_json, copy_of, original_detections
from support.verified import checked, said

from forgetbench.proof.verify.scores_check import check_scores


def test_scores_of_a_run_are_made_again(small_run: Path) -> None:
    part = checked(check_scores, small_run)
    assert said(part) == []
    assert part.checked.startswith(f"{len(list((small_run / 'detections').glob('*.safetensors')))} detections")


def test_changed_scores_and_records_of_them_are_named(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    change_cell(run / "results.csv", "ap", {"arm": "original"}, lambda _: "0.25")
    kept = original_detections(run).with_suffix(".json")
    change_json(kept, lambda content: content.update(images=99))
    found = said(checked(check_scores, run))
    assert len(found) == 2
    assert any(text.startswith("results.csv, line 2 (yolov8p-shapes, original, epoch 0") for text in found)
    assert f"detections/{kept.name}, images: found 99, expected 8" in found
