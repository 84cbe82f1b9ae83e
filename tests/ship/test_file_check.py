"""A file's detections held against a run's, with a runtime that finds what it is told to."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.factories import drawn_dataset

from forgetbench.evaluate.detections import gather
from forgetbench.ship import file_check
from forgetbench.ship.file_check import Compared, Side, Terms, compare_with_other, compare_with_run
from forgetbench.suite.evaluation import EvaluationSettings

SETTINGS = EvaluationSettings(imgsz=64, shape="square", batch=1, conf=0.001, iou=0.7, max_det=10)
ALL = Terms(SETTINGS, stride=32, scorer="hotcoco", full=True)


def nothing(images: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(images), 4 + 5, 3)


def test_nothing_found_is_no_ap_like_the_runs_own(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path, count=4)
    rows = [
        (index, np.array([[*sample.boxes[0], 0.9, sample.classes[0]]], np.float32))
        for index, sample in enumerate(dataset.samples)
    ]
    found = compare_with_run(nothing, Side("target", dataset, (2, 3, 4), gather(rows)), ALL)
    assert (found.file, found.images) == (0, 4)
    assert found.expected == pytest.approx(1)
    assert not found.alike


def test_a_sample_is_spread_over_the_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = drawn_dataset(tmp_path, count=9)
    rows = [
        (index, np.array([[*sample.boxes[0], 0.9, sample.classes[0]]], np.float32))
        for index, sample in enumerate(dataset.samples)
        if index in (0, 4, 8)
    ]
    monkeypatch.setattr(file_check, "SAMPLE", 3)
    side = Side("target", dataset, (0, 1, 2), gather(rows))
    found = compare_with_run(nothing, side, replace(ALL, full=False))
    assert found.images == 3
    assert found.expected == pytest.approx(1)


def test_one_to_one_detections_of_other_classes_are_left_out(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path, count=1, sizes=((64, 64),))
    (sample,) = dataset.samples
    box = torch.tensor(sample.boxes[0], dtype=torch.float32)

    def two(images: torch.Tensor) -> torch.Tensor:
        ours, others = torch.tensor([0.9, 7.0 + float(sample.classes[0])]), torch.tensor([0.95, 1.0])
        return torch.stack([torch.cat([box, others]), torch.cat([box, ours])])[None].expand(len(images), -1, -1)

    found = compare_with_run(two, Side("target", dataset, (7, 8, 9), gather([])), ALL)
    assert found.file == pytest.approx(1)
    assert found.others == 1


def test_what_is_shown_of_the_other_sides_classes_is_counted(tmp_path: Path) -> None:
    """Two overlapping boxes of one of them are one detection; one at 0.2 is not shown."""
    dataset = drawn_dataset(tmp_path, count=4)
    boxes = torch.tensor([[20.0, 20, 10, 10], [20, 21, 10, 10], [50, 50, 10, 10], [40, 20, 10, 10]])
    scores = torch.zeros(4, 5)
    scores[[0, 1, 2], 4] = torch.tensor([0.9, 0.8, 0.2])
    scores[3, 0] = 0.9  # one of the data's own

    def shown(images: torch.Tensor) -> torch.Tensor:
        return torch.cat([boxes, scores], dim=1).T.expand(len(images), -1, -1)

    assert compare_with_run(shown, Side("target", dataset, (0, 1, 2), gather([])), ALL).others == 1
    assert compare_with_run(shown, Side("target", dataset, (0, 1, 2, 3, 4), gather([])), ALL).others == 0


def test_another_format_is_held_against_a_file_on_square_canvases(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path, count=2, sizes=((64, 32),))
    shapes = []

    def best(images: torch.Tensor) -> torch.Tensor:  # finds the first image's object: the image is centred
        shapes.append(tuple(images.shape))
        sample = dataset.samples[0]
        box = torch.tensor(sample.boxes[0], dtype=torch.float32) + torch.tensor([0, 16, 0, 16])
        return torch.cat([box, torch.tensor([0.9, float(sample.classes[0])])])[None, None]

    side = Side("target", dataset, (0, 1, 2), gather([]))
    rect = replace(ALL, settings=replace(SETTINGS, shape="rect"))
    found = compare_with_other(nothing, best, side, rect, half=False)
    assert shapes == [(1, 3, 64, 64)] * 2
    assert (found.file, found.shape, found.images) == (0, "square", 2)
    assert found.expected is not None
    assert found.expected > 0.4
    assert not found.alike
    same = compare_with_other(best, best, side, rect, half=True)
    assert (same.alike, same.tolerance, found.tolerance) == (True, 0.005, 0.001)


def test_what_neither_measures_is_alike() -> None:
    assert Compared("target", "d", 1, None, None, "rect").alike
    assert not Compared("target", "d", 1, None, 0.5, "rect").alike
    assert not Compared("target", "d", 1, 0.502, 0.5, "rect").alike
    assert Compared("target", "d", 1, 0.502, 0.5, "rect", tolerance=0.005).alike
    assert Compared("target", "d", 1, 0.5005, 0.5, "rect").alike
