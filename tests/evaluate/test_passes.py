from dataclasses import asdict, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from support.factories import CLASSES, FAMILIES, drawn_dataset, tiny_original
from support.ultralytics_oracle import ultralytics_detections
from torch import Tensor

from forgetbench.data.load import load_data
from forgetbench.device import to_device
from forgetbench.evaluate import passes, tree
from forgetbench.evaluate.average_precision import ground_truth, score
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.networks import ModuleStore
from forgetbench.evaluate.passes import evaluate
from forgetbench.model import yolo
from forgetbench.model.branch import grow_branch
from forgetbench.model.original import Original, as_stored, load_original
from forgetbench.suite.data_section import Data
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.suite.kinds import HeadMode, Shape

CPU = torch.device("cpu")
SETTINGS = EvaluationSettings(imgsz=64, shape="rect", batch=3, conf=0.001, iou=0.7, max_det=50)

HEADS: dict[str, tuple[HeadMode, ...]] = {"yolov8": ("one-to-many",), "yolov10": ("one-to-one", "one-to-many")}


def moved(original: Original, freeze_point: int) -> tuple[torch.nn.ModuleList, dict[str, Tensor]]:
    """Return a branch's modules and tensors of them that differ from the original's."""
    branch = grow_branch(original, freeze_point, CLASSES, seed=1, cls_remap=False, pretrained=True)
    noise = torch.Generator().manual_seed(freeze_point)
    tensors = {
        key: value * (0.9 + 0.2 * torch.rand(value.shape, generator=noise))
        if value.is_floating_point() and ".dfl." not in key
        else value
        for key, value in branch.state().items()
    }
    return branch.owned, as_stored(tensors)


def same(first: Detections, second: Detections) -> bool:
    return all(np.array_equal(getattr(first, n), getattr(second, n)) for n in ("image", "label", "score", "box"))


@pytest.mark.parametrize("family", FAMILIES)
def test_detections_are_the_same_whether_the_original_was_trained_with_before(tmp_path: Path, family: str) -> None:
    """Training moves the original to channels_last layout; a process that resumes after training does not."""
    dataset, found = drawn_dataset(tmp_path, count=5), []
    fresh, used = tiny_original(family), tiny_original(family)
    to_device(used.model, CPU)
    for original in (fresh, used):
        store = ModuleStore(original)
        keys = store.put_branch(3, *moved(original, 3))
        networks = [
            store.original_network("one-to-many"),
            store.task_network(3, keys, "one-to-many"),
            store.reference_network(3, keys, 15, "one-to-many"),
        ]
        networks += map(store.with_statistics_alone, networks[2:])
        detections = evaluate(store, networks, dataset, SETTINGS, CPU)
        found.append([(network.key(), detections[network]) for network in networks])
    for (key, one), (other_key, other) in zip(*found, strict=True):
        assert key == other_key
        assert same(one, other)
        assert len(one.score)


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_one_pass_for_many_networks_equals_a_pass_for_each(tmp_path: Path, family: str) -> None:
    original = tiny_original(family)
    store, dataset = ModuleStore(original), drawn_dataset(tmp_path, count=5)
    networks = []
    for head in HEADS[family]:
        networks.append(store.original_network(head))
        for point in (original.head, 15, 0):
            keys = store.put_branch(point, *moved(original, point))
            networks.append(store.task_network(point, keys, head))
            networks += [
                store.reference_network(point, keys, attach, head) for attach in {original.head, max(point, 18)}
            ]
    networks = list(dict.fromkeys(networks))
    together = evaluate(store, networks, dataset, SETTINGS, CPU)
    for network in networks:
        assert same(together[network], evaluate(store, [network], dataset, SETTINGS, CPU)[network])
    assert len({tuple(together[n].score.tolist()) for n in networks}) == len(networks)


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_workers_find_what_one_finds(tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Canvases of several sizes at once: a head keeps the anchors of the last one it saw."""
    original = tiny_original(family)
    store = ModuleStore(original)
    dataset = drawn_dataset(tmp_path, count=24, sizes=((64, 48), (48, 64), (64, 20), (20, 64)))
    network = store.original_network("one-to-many")
    settings = replace(SETTINGS, batch=1)
    monkeypatch.setattr(passes, "compute_workers", lambda _: 1)
    alone = evaluate(store, [network], dataset, settings, CPU)[network]
    monkeypatch.setattr(passes, "compute_workers", lambda _: 4)
    for _ in range(3):
        assert same(evaluate(store, [network], dataset, settings, CPU)[network], alone)


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_suppressed_together_as_on_a_gpu_the_same_is_found(
    tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tiny_original(family)
    store, dataset = ModuleStore(original), drawn_dataset(tmp_path, count=5)
    networks = [store.original_network(head) for head in HEADS[family]]
    apart = evaluate(store, networks, dataset, SETTINGS, CPU)
    monkeypatch.setattr(passes, "suppresses_together", lambda _: True)
    together = evaluate(store, networks, dataset, SETTINGS, CPU)
    assert all(same(apart[network], together[network]) for network in networks)
    assert all(len(apart[network]) for network in networks)


def test_composition_is_what_the_attach_point_says() -> None:
    original = tiny_original()
    store = ModuleStore(original)
    keys = store.put_branch(10, *moved(original, 10))
    plain = store.original_network("one-to-many")
    assert store.reference_network(10, keys, 10, "one-to-many") == plain
    honest = store.reference_network(10, keys, 22, "one-to-many").modules
    assert honest[:10] == plain.modules[:10]
    assert honest[22] == plain.modules[22]
    # modules without parameters are equal whichever copy they are
    assert {i for i in range(23) if honest[i] != plain.modules[i]} == {12, 15, 16, 18, 19, 21}
    between = store.reference_network(10, keys, 16, "one-to-many").modules
    assert {i for i in range(23) if between[i] != plain.modules[i]} == {12, 15}
    task = store.task_network(10, keys, "one-to-many").modules
    assert task[22] != plain.modules[22]


def test_head_only_branches_share_the_originals_reference_network() -> None:
    original = tiny_original()
    store = ModuleStore(original)
    keys = store.put_branch(22, *moved(original, 22))
    assert store.reference_network(22, keys, 22, "one-to-many") == store.original_network("one-to-many")


def test_shared_prefixes_run_once(tmp_path: Path) -> None:
    original = tiny_original()
    store, dataset = ModuleStore(original), drawn_dataset(tmp_path, count=2, sizes=((64, 64),))
    keys = store.put_branch(15, *moved(original, 15))
    networks = [
        store.original_network("one-to-many"),
        store.task_network(15, keys, "one-to-many"),
        store.reference_network(15, keys, 22, "one-to-many"),
    ]
    with patch.object(yolo, "run_modules", wraps=yolo.run_modules) as run:
        evaluate(store, networks, dataset, SETTINGS, CPU)
    # one batch: 15 shared modules, the original's own 7 and head, the branch's 7, which two heads follow
    assert sorted(len(call.args[0]) for call in run.call_args_list) == [1, 1, 7, 8, 15]


def test_only_outputs_that_modules_below_take_are_kept() -> None:
    original = tiny_original()
    store = ModuleStore(original)
    keys = store.put_branch(15, *moved(original, 15))
    networks = [store.original_network("one-to-many"), store.task_network(15, keys, "one-to-many")]
    (shared,) = tree.build_tree(store, networks, 50, CPU)
    assert len(shared.modules) == 15
    assert shared.needed & set(range(15)) == {9, 12}  # 4 and 6 were used within


def test_a_head_that_ends_many_networks_is_copied_once() -> None:
    original = tiny_original()
    store = ModuleStore(original)
    networks = [
        store.reference_network(15, store.put_branch(15, *moved(original, 15)), 22, "one-to-many"),
        store.reference_network(16, store.put_branch(16, *moved(original, 16)), 22, "one-to-many"),
    ]
    (shared,) = tree.build_tree(store, networks, 50, CPU)
    first, second = shared.below
    assert first.modules[-1] is second.modules[-1]


def test_the_original_is_left_as_it_was(tmp_path: Path) -> None:
    original = tiny_original()
    before = original.weights_hash()
    store = ModuleStore(original)
    evaluate(store, [store.original_network("one-to-many")], drawn_dataset(tmp_path), SETTINGS, CPU)
    assert original.weights_hash() == before
    assert hasattr(original.modules[0], "bn")


def test_detections_do_not_depend_on_the_batch_size(tmp_path: Path) -> None:
    original = tiny_original()
    store, dataset = ModuleStore(original), drawn_dataset(tmp_path, count=5)
    network = store.original_network("one-to-many")
    one = evaluate(store, [network], dataset, EvaluationSettings(**{**asdict(SETTINGS), "batch": 1}), CPU)[network]
    many = evaluate(store, [network], dataset, EvaluationSettings(**{**asdict(SETTINGS), "batch": 5}), CPU)[network]
    assert one.image.tolist() == many.image.tolist()
    np.testing.assert_allclose(one.score, many.score, atol=1e-4)


def test_modules_that_are_not_needed_are_forgotten() -> None:
    original = tiny_original()
    store = ModuleStore(original)
    keys = store.put_branch(22, *moved(original, 22))
    store.keep_only([])
    with pytest.raises(KeyError):
        store.fused(keys[0])
    store.fused(store.original_keys[0])


@pytest.mark.assets
@pytest.mark.parametrize(("shape", "tolerance"), [("square", 1e-4), ("rect", 0.002)])
def test_detections_score_as_ultralytics_own(assets: Path, tmp_path: Path, shape: Shape, tolerance: float) -> None:
    """The official weights at 640 pixels, by our pass and by Ultralytics' validation, both scored alike.

    Square images differ by the rounding of Ultralytics' JSON alone. Its rectangles depend on who shares a batch,
    ours on the image alone.
    """
    data = Data(format="yolo", path=str(assets / "coco-val128"), names="coco")
    dataset = load_data(data, role="reference", suite_folder=None).evaluate
    weights = assets / "weights" / "yolov8n.pt"
    store = ModuleStore(load_original(weights))
    network = store.original_network("one-to-many")
    settings = EvaluationSettings(imgsz=640, shape=shape, batch=16, conf=0.001, iou=0.7, max_det=300)
    truth = ground_truth(dataset)
    ours = score(truth, evaluate(store, [network], dataset, settings, CPU)[network]).ap
    theirs = score(truth, ultralytics_detections(weights, dataset, 640, tmp_path, rect=shape == "rect")).ap
    assert ours == pytest.approx(theirs, abs=tolerance)
    assert ours is not None
    assert 0.42 < ours < 0.45
