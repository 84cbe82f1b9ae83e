"""Drift of features against networks run one after the other, with all outputs at hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.factories import CLASSES, drawn_dataset, tiny_original

from forgetbench.data.dataset import Dataset
from forgetbench.device import image_batch, to_device
from forgetbench.evaluate.cka import MinibatchCKA, gram
from forgetbench.evaluate.feature_drift import FeatureDrift, Features, feature_drift, minibatches
from forgetbench.evaluate.letterbox import decoded, plan_letterbox
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.model import yolo
from forgetbench.model.branch import grow_branch
from forgetbench.model.original import as_stored
from forgetbench.suite.evaluation import EvaluationSettings

CPU = torch.device("cpu")
SETTINGS = EvaluationSettings(imgsz=64, shape="rect", batch=8, conf=0.001, iou=0.7, max_det=50)
SAME = FeatureDrift(1.0, 0.0, 16)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return drawn_dataset(tmp_path_factory.mktemp("images"), count=16)  # eight of each canvas


def adapted(store: ModuleStore, freeze_point: int, moved: int | None = None) -> Network:
    """Return a reference network of a branch whose tensors, or those of one module alone, are not the original's."""
    branch = grow_branch(store.original, freeze_point, CLASSES, seed=1, cls_remap=False, pretrained=True)
    noise = torch.Generator().manual_seed(freeze_point)
    tensors = {
        key: value * (0.7 + 0.6 * torch.rand(value.shape, generator=noise))
        if value.is_floating_point() and moved in (None, int(key.split(".")[1]))
        else value
        for key, value in branch.state().items()
    }
    owned = store.put_branch(freeze_point, branch.owned, as_stored(tensors))
    return store.reference_network(freeze_point, owned, store.original.head, "one-to-many")


def outputs(store: ModuleStore, network: Network, pixels: torch.Tensor) -> dict[int, torch.Tensor]:
    """Return the output of every module before the head."""
    found: dict[int, torch.Tensor] = {}
    modules = [store.fused(key) for key in network.modules[:-1]]
    with torch.inference_mode():
        yolo.run_modules(modules, found, image_batch(pixels, CPU), frozenset(range(len(modules))))
    return found


@pytest.mark.parametrize("family", ["yolov8", "yolov9"])
def test_drift_is_that_of_the_outputs(images: Dataset, family: str) -> None:
    store = ModuleStore(tiny_original(family))
    networks = [adapted(store, 12), adapted(store, 3)]
    found = feature_drift(store, networks, images.samples, SETTINGS, CPU)
    plans = [plan_letterbox(s.width, s.height, 64, 32, "rect") for s in images.samples]
    parts = list(decoded(images.samples, plans, minibatches(plans, 8)))
    assert [len(part.indices) for part in parts] == [8, 8]
    before = [outputs(store, store.original_network("one-to-many"), part.pixels) for part in parts]
    for network, start in zip(networks, (12, 3), strict=True):
        after = [outputs(store, network, part.pixels) for part in parts]
        assert len(found[network]) == store.original.head
        assert found[network][:start] == [SAME] * start
        for index in range(start, store.original.head):
            if not yolo.gives_one_map(store.original.modules[index]):
                assert found[network][index] == FeatureDrift(None, None, 0)
                continue
            cka = MinibatchCKA()
            for old, new in zip(before, after, strict=True):
                cka.add(gram(old[index]), gram(new[index]))
            moved = sum(float((new[index] - old[index]).square().sum()) for old, new in zip(before, after, strict=True))
            size = sum(float(old[index].square().sum()) for old in before)
            measured = found[network][index]
            assert measured.images == 16
            assert measured.cka == pytest.approx(cka.value, abs=1e-6)
            assert measured.distance == pytest.approx((moved / size) ** 0.5, rel=1e-4)


def test_one_moved_module_moves_what_takes_its_output_and_nothing_else(images: Dataset) -> None:
    store = ModuleStore(tiny_original())
    found = feature_drift(store, [network := adapted(store, 0, moved=18)], images.samples, SETTINGS, CPU)[network]
    assert found[:18] == [SAME] * 18
    assert all(drift.distance and drift.distance > 0.01 for drift in found[18:])  # 19, 20 and 21 follow on it


def test_the_original_itself_has_not_moved(images: Dataset) -> None:
    store = ModuleStore(tiny_original())
    network = store.original_network("one-to-many")
    assert feature_drift(store, [network], images.samples, SETTINGS, CPU) == {network: [SAME] * 22}


def test_networks_do_not_disturb_each_other(images: Dataset) -> None:
    store = ModuleStore(tiny_original())
    networks = [adapted(store, point) for point in (0, 10, 15)]
    together = feature_drift(store, networks, images.samples, SETTINGS, CPU)
    seen: list[int] = []
    for network in networks:
        alone = feature_drift(store, [network], images.samples, SETTINGS, CPU, seen.append)
        assert alone == {network: together[network]}
    assert seen == [8, 16] * 3


def test_weights_that_overflow_are_not_measured(images: Dataset) -> None:
    store = ModuleStore(tiny_original())
    branch = grow_branch(store.original, 21, CLASSES, seed=1, cls_remap=False, pretrained=True)
    tensors = {key: value * torch.nan if value.is_floating_point() else value for key, value in branch.state().items()}
    owned = store.put_branch(21, branch.owned, as_stored(tensors))
    network = store.reference_network(21, owned, 22, "one-to-many")
    found = feature_drift(store, [network], images.samples, SETTINGS, CPU)[network]
    assert found[20:] == [SAME, FeatureDrift(None, None, 16)]


@pytest.mark.parametrize("family", ["yolov8", "yolo12"])
def test_drift_is_the_same_whether_the_original_was_trained_with_before(images: Dataset, family: str) -> None:
    """Training moves the original to channels_last layout; a process that resumes after training does not."""
    fresh, used = tiny_original(family), tiny_original(family)
    to_device(used.model, CPU)
    weights = next(p for p in used.model.parameters() if p.dim() == 4 and min(p.shape[1], p.shape[2]) > 1)
    assert not weights.is_contiguous()
    found = []
    for original in (fresh, used):
        store = ModuleStore(original)
        network = adapted(store, 3)
        found.append((network, feature_drift(store, [network], images.samples, SETTINGS, CPU)[network]))
    assert found[0] == found[1]


def test_sums_do_not_depend_on_the_layout_of_an_output() -> None:
    output = torch.rand((8, 40, 20, 24), generator=torch.Generator().manual_seed(0)) * 1000
    plain, last = Features(output), Features(output.contiguous(memory_format=torch.channels_last))
    assert plain.size == last.size
    assert (plain.gram == last.gram).all()


def test_too_few_images_of_a_canvas_are_not_measured(tmp_path: Path) -> None:
    store = ModuleStore(tiny_original())
    network = adapted(store, 0)
    few = drawn_dataset(tmp_path, count=6)  # three of each canvas
    assert feature_drift(store, [network], few.samples, SETTINGS, CPU)[network] == [FeatureDrift(None, None, 0)] * 22


def test_minibatches_are_even_and_of_one_canvas() -> None:
    wide, tall, square = ((plan_letterbox(w, h, 64, 32, "rect")) for w, h in ((64, 32), (32, 64), (64, 64)))
    plans = [wide] * 17 + [tall] * 3 + [square] * 4
    assert minibatches(plans, 16) == [list(range(9)), list(range(9, 17)), [20, 21, 22, 23]]
    assert [len(part) for part in minibatches([wide] * 17, 2)] == [6, 6, 5]  # eight at most, not two
    assert [len(part) for part in minibatches([wide] * 300, 64)] == [16] * 16  # the first 256
    for count in range(4, 65):
        sizes = [len(part) for part in minibatches([wide] * count, int(np.random.default_rng(count).integers(1, 20)))]
        assert sum(sizes) == count
        assert min(sizes) >= 4
