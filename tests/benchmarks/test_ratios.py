"""What makes a sweep fast, held against doing without it: ratios of processor time, which neighbours change least."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from support.factories import CLASSES, drawn_dataset, quick_train, tiny_original

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.passes import evaluate
from forgetbench.model.branch import grow_branch
from forgetbench.model.parts import Parts
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.suite.schema import Logging
from forgetbench.train.epoch_record import EpochRecord
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession

CPU = torch.device("cpu")
pytestmark = pytest.mark.benchmark(timer=time.process_time)
#: How many networks share everything below their heads.
HEADS = 5
ROUNDS = 7


def times_faster(benchmark: BenchmarkFixture, fast: Callable[[], object], slow: Callable[[], object]) -> float:
    """Return how many times as long `slow` takes, by the least of a few rounds in turn, so that noise hits both."""
    if benchmark.disabled:
        pytest.skip("times are not taken beside other tests; run with -n 0")
    fast(), slow()  # what the first call sets up
    took = []

    def before_each_round() -> None:
        began = time.process_time()
        slow()
        took.append(time.process_time() - began)

    measured: Any = benchmark
    measured.pedantic(fast, setup=before_each_round, rounds=ROUNDS)
    ratio = float(min(took) / measured.stats.stats.min)
    benchmark.extra_info["times faster"] = ratio
    return ratio


def test_scoring_with_hotcoco(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """50 times on real detections."""
    dataset = drawn_dataset(tmp_path, count=40)
    found = spread_over(dataset, per_image=60)
    fast, reference = ground_truth(dataset), ground_truth(dataset, "pycocotools")
    assert times_faster(benchmark, lambda: score(fast, found), lambda: score(reference, found)) > 10


def test_evaluating_networks_that_share_a_prefix_in_one_pass(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    original, dataset = tiny_original(), drawn_dataset(tmp_path, count=8)
    store = ModuleStore(original)
    settings = EvaluationSettings(imgsz=128, shape="square", batch=8, conf=0.001, iou=0.7, max_det=50)
    networks = []
    for seed in range(HEADS):
        branch = grow_branch(original, original.head, CLASSES, seed=seed, cls_remap=False, pretrained=True)
        keys = store.put_branch(original.head, branch.owned, branch.state())
        networks.append(store.task_network(original.head, keys, "one-to-many"))

    def passes(*groups: list[Network]) -> None:
        for group in groups:
            evaluate(store, group, dataset, settings, CPU)

    ratio = times_faster(benchmark, lambda: passes(networks), lambda: passes(*([network] for network in networks)))
    assert ratio > 1.4


def test_training_branches_on_one_trunk(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    original, dataset = tiny_original(), drawn_dataset(tmp_path, count=8)
    train = quick_train(epochs=2 * ROUNDS, imgsz=128, batch=8)

    def epochs(branches: int) -> Iterator[EpochRecord]:
        recipes = {f"{index}": Recipe(Parts(original), original.head, train) for index in range(branches)}
        still = Logging(gradients=False, memory=False)
        return TrainingSession(original, recipes, dataset, train, seed=0, device=CPU, logging=still).epochs()

    together, alone = epochs(HEADS), [epochs(1) for _ in range(HEADS)]
    assert times_faster(benchmark, lambda: next(together), lambda: [next(each) for each in alone]) > 1.25


def spread_over(dataset: Dataset, per_image: int) -> Detections:
    """Return detections near each image's annotation, as a network leaves them: many, most of them poor."""
    random = np.random.default_rng(0)
    image = np.repeat(np.arange(len(dataset.samples)), per_image).astype(np.int32)
    box = np.concatenate([np.repeat(s.boxes[:1], per_image, axis=0) for s in dataset.samples])
    box = box + random.normal(0, 3, box.shape)
    label = random.integers(0, len(dataset.classes), len(image)).astype(np.int16)
    return Detections(image, label, random.random(len(image)).astype(np.float32), box.astype(np.float32))
