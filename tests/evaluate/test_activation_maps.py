from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.factories import drawn_dataset, tiny_original

pytest.importorskip("pytorch_grad_cam")

from pytorch_grad_cam import EigenCAM

from forgetbench.device import image_batch
from forgetbench.evaluate.activation_maps import ActivationMapper, DetectionTarget, Method, first_component
from forgetbench.evaluate.letterbox import Letterbox, letterboxed, plan_letterbox
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.model import yolo
from forgetbench.model.original import Original
from forgetbench.suite.evaluation import EvaluationSettings
from forgetbench.suite.kinds import HeadMode

CPU = torch.device("cpu")
SETTINGS = EvaluationSettings(imgsz=64, shape="square", batch=1, conf=0.001, iou=0.7, max_det=50)
FAMILIES: list[tuple[str, HeadMode]] = [
    ("yolov8", "one-to-many"), ("yolov10", "one-to-one"), ("yolov10", "one-to-many"), ("yolo26", "one-to-one"),
    ("yolo26", "one-to-many"),
]  # fmt: skip


@pytest.fixture
def placed(tmp_path: Path) -> tuple[NDArray[np.uint8], Letterbox]:
    sample = drawn_dataset(tmp_path, count=1).samples[0]
    letterbox = plan_letterbox(sample.width, sample.height, SETTINGS.imgsz, 32, SETTINGS.shape)
    return letterboxed(sample, letterbox), letterbox


def mapper(original: Original, network: Network, store: ModuleStore, method: Method = "grad-cam") -> ActivationMapper:
    modules = yolo.sources_of(original.modules[-1])
    return ActivationMapper(store, network, method=method, modules=modules, settings=SETTINGS, device=CPU)


@pytest.mark.parametrize(("family", "head"), FAMILIES)
def test_every_family_and_head_has_maps(
    family: str, head: HeadMode, placed: tuple[NDArray[np.uint8], Letterbox]
) -> None:
    original = tiny_original(family)
    with torch.inference_mode():  # leaves anchors in the head that no graph may hold
        original.model(torch.zeros(1, 3, SETTINGS.imgsz, SETTINGS.imgsz))
    before = original.weights_hash()
    store = ModuleStore(original)
    made = {}
    for method in ("grad-cam", "eigen-cam"):
        make = mapper(original, store.original_network(head), store, method)
        made[method] = make(*placed)
        assert made[method].method == method
        heat = made[method].heat
        assert heat.shape == (48, 64)  # the image without its padding
        assert heat.min() >= 0
        assert heat.max() == pytest.approx(1)
        assert np.array_equal(make(*placed).heat, heat)
    assert not np.array_equal(made["grad-cam"].heat, made["eigen-cam"].heat)
    assert original.weights_hash() == before
    assert not any(module._forward_hooks for module in original.model.modules())
    assert not any(parameter.requires_grad for parameter in original.model.parameters())


def test_grad_cam_is_the_activations_weighed_by_their_mean_gradients(
    placed: tuple[NDArray[np.uint8], Letterbox],
) -> None:
    original, (pixels, letterbox) = tiny_original(), placed
    store = ModuleStore(original)
    made = mapper(original, store.original_network("one-to-many"), store)(pixels, letterbox).heat
    outputs: dict[int, torch.Tensor] = {}
    images = image_batch(torch.from_numpy(pixels).permute(2, 0, 1)[None], CPU).requires_grad_()
    keep = yolo.saved_indices(original.model)
    predictions = yolo.run_modules([yolo.differentiable(m) for m in original.modules], outputs, images, keep)[0]
    target = DetectionTarget("one-to-many", SETTINGS.iou, SETTINGS.max_det)(predictions[0])
    activations = [outputs[index] for index in yolo.sources_of(original.modules[-1])]
    layers = []
    for activation, gradient in zip(activations, torch.autograd.grad(target, activations), strict=True):
        weighed = (gradient.mean((2, 3), keepdim=True) * activation).sum(1)[0].clamp(min=0).detach().numpy()
        layers.append(cv2.resize((weighed - weighed.min()) / (np.ptp(weighed) + 1e-7), (64, 64)))
    mean = np.mean(layers, axis=0)
    expected = ((mean - mean.min()) / (np.ptp(mean) + 1e-7))[8:56]
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(made, expected, atol=1e-4)


def test_where_no_gradient_arrives_the_map_is_an_eigen_cam_and_says_so(
    placed: tuple[NDArray[np.uint8], Letterbox],
) -> None:
    original = tiny_original()
    head: Any = original.modules[-1]
    for branch in head.cv3:
        branch[-1].weight.data.zero_()
    store = ModuleStore(original)
    network = store.original_network("one-to-many")
    made = mapper(original, network, store)(*placed)
    assert made.method == "eigen-cam"
    assert np.array_equal(made.heat, mapper(original, network, store, "eigen-cam")(*placed).heat)


def test_the_target_is_the_summed_confidence_of_what_suppression_leaves() -> None:
    boxes = torch.tensor([[10.0, 10, 10, 10], [10, 10, 10, 9], [50, 50, 10, 10], [80, 80, 10, 10]]).T
    scores = torch.tensor([[0.9, 0.8, 0.1, 0.2], [0.1, 0.1, 0.7, 0.25]], requires_grad=True)
    total = DetectionTarget("one-to-many", 0.7, 50)(torch.cat([boxes, scores]))
    assert total.item() == pytest.approx(0.9 + 0.7)
    (gradient,) = torch.autograd.grad(total, scores)
    assert gradient.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0]]


def test_without_detections_the_target_is_the_largest_class_score() -> None:
    output = torch.cat([torch.full((4, 3), 99.0), torch.tensor([[0.1, 0.2, 0.05], [0.0, 0.1, 0.1]])])
    assert DetectionTarget("one-to-many", 0.7, 50)(output).item() == pytest.approx(0.2)


def test_the_target_of_a_one_to_one_head_needs_no_suppression() -> None:
    output = torch.tensor([[0.0, 0, 10, 10, 0.9, 1], [0, 0, 10, 10, 0.8, 1], [0, 0, 10, 10, 0.2, 3]])
    target = DetectionTarget("one-to-one", 0.7, 50)
    assert target(output).item() == pytest.approx(1.7)
    assert target(output[2:]).item() == pytest.approx(0.2)


def test_the_component_is_the_packages_with_its_largest_deviation_positive() -> None:
    activations = np.random.default_rng(0).normal(size=(6, 5, 7)).astype(np.float32)
    activations[2] -= 9 * np.eye(5, 7, dtype=np.float32)
    theirs = EigenCAM.get_cam_image(None, None, None, None, activations[None], None, False)[0]
    ours = first_component(activations)
    assert ours.max() >= -ours.min()
    np.testing.assert_allclose(ours, theirs if theirs.max() >= -theirs.min() else -theirs, atol=1e-4)
    np.testing.assert_allclose(first_component(-activations), ours, atol=1e-4)
