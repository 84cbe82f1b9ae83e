"""The benchmarks of exported files: what they compare, and what they would say of files that are not alike."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks import formats, plain_validation
from benchmarks.taken_home import LIMITS, Checked, check, exported_files, markdown, truth_of
from support.factories import drawn_dataset

from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.detections import gather


def test_the_truth_of_a_combined_detector_scores_as_the_dataset_does(tmp_path: Path) -> None:
    """Classes of the dataset are outputs 7, 3 and 5 of a detector that has more."""
    dataset, outputs = drawn_dataset(tmp_path), (7, 3, 5)
    noise = np.random.default_rng(0)
    parts, as_json = [], []
    for index, sample in enumerate(dataset.samples):
        boxes = sample.boxes + noise.normal(0, 1.5, sample.boxes.shape)
        rows = np.column_stack([boxes, noise.random(len(boxes)), sample.classes]).astype(np.float32)
        parts.append((index, rows[np.argsort(-rows[:, 4])]))
        as_json += [
            {"image_id": index, "category_id": outputs[int(label)], "score": float(confidence),
             "bbox": [float(x), float(y), float(right - x), float(bottom - y)]}
            for x, y, right, bottom, confidence, label in parts[-1][1]
        ]  # fmt: skip
    as_json.append({"image_id": 0, "category_id": 4, "score": 1.0, "bbox": [0.0, 0.0, 9.0, 9.0]})  # another's class
    expected = score(ground_truth(dataset), gather(parts)).ap
    assert expected is not None
    assert 0.2 < expected < 0.95
    truth = truth_of(dataset, outputs, [str(number) for number in range(8)])
    assert plain_validation.ap(truth, as_json, sorted(outputs)) == pytest.approx(expected, abs=1e-12)


def test_plain_ultralytics_finds_what_the_run_scored(small_run: Path) -> None:
    files = exported_files("p", "Says.", [str(small_run), "--attach", "freeze-point"])
    found = check(*next(files))
    assert (found.label, found.attach) == ("all-but-head (22)", "freeze-point")
    assert set(found.plain) == {f"{role} {limit}" for role in ("target", "reference") for limit in LIMITS}
    for role, ap in found.run.items():
        assert found.plain[f"{role} {LIMITS[-1]}"] == pytest.approx(ap, abs=0.01)


def test_the_table_says_by_how_much_the_worst_differs() -> None:
    plain = {f"{role} {limit}": 0.5 for role in ("target", "reference") for limit in LIMITS}
    worse = {**plain, f"reference {LIMITS[-1]}": 0.48}
    run = {"target": 0.5, "reference": 0.5}
    said = markdown([Checked("a", "head", run, plain), Checked("b", "head", run, worse)])
    assert "| b | head | 50.00 | 50.00 | 50.00 | 50.00 | 50.00 | 50.00 | 50.00 | 48.00 |" in said
    assert said.endswith("Largest difference from the run with max_det 3000: 2.000 points.")


def outputs(*, box: float, score: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return a file's output: two boxes of two classes, the second without a score to speak of."""
    found = torch.tensor([[9.0, 9], [9, 9], [4, 4 + box], [4 + box / 4, 4], [0.9, 0.0001], [0.1 + score, 0.0]])
    return lambda _: found[None]


def test_differences_are_of_boxes_that_count_and_of_all_scores() -> None:
    one = formats.difference(outputs(box=2.0, score=0.25), outputs(box=0.0, score=0.0), [torch.zeros(1, 3, 32, 32)])
    assert (one.pixels, one.score) == (0.5, 0.25)
    said = formats.markdown([("a", "head", ("onnx", False), one), ("a", "head", ("onnx", True), one)])
    assert "| a | head | onnx, float16 | 0.5 | 0.25 |" in said
    assert said.endswith("Largest of onnx: 0.5 px, 0.25 of score.\n\nLargest of onnx, float16: 0.5 px, 0.25 of score.")
