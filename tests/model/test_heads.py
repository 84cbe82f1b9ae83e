"""A head's raw outputs, taken from its stacks and from what it gives in training."""

import pytest
import torch
from support.factories import quick_train, tiny_original

from forgetbench.model import yolo
from forgetbench.model.heads import head_inputs, head_outputs, one_to_many_loss, run_head
from forgetbench.model.targets import SharedTargets
from forgetbench.train.ultralytics_trainer import training_settings


@pytest.mark.parametrize(
    ("family", "inputs"), [("yolov8", [15, 18, 21]), ("yolov10", [16, 19, 22]), ("yolo26", [16, 19, 22])]
)
def test_raw_outputs_are_those_of_the_whole_model(family: str, inputs: list[int]) -> None:
    original = tiny_original(family)
    assert head_inputs(original.model) == inputs
    images = torch.rand(2, 3, 64, 64)
    outputs: dict[int, torch.Tensor] = {}
    with torch.no_grad():
        _, raw = original.model(images)
        yolo.run_modules(original.modules[:-1], outputs, images, yolo.saved_indices(original.model))
    features = [outputs[index] for index in inputs]
    bins = int(original.model.model[-1].reg_max)
    for one_to_one in (False, True) if yolo.has_two_heads(original.model) else (False,):
        found = run_head(original.modules[-1], features, one_to_one=one_to_one)
        assert found.boxes.shape == (2, 4 * bins, 8 * 8 + 4 * 4 + 2 * 2)
        assert found.scores.shape == (2, 3, 84)
        inside = head_outputs(raw, one_to_one=one_to_one)
        assert torch.equal(found.scores, inside.scores)
        assert torch.equal(found.boxes, inside.boxes)
        assert found.as_predictions().keys() == {"boxes", "scores", "feats"}


def test_gradients_pass_to_the_features_from_either_kind_of_stacks() -> None:
    original = tiny_original("yolov10")
    inputs = head_inputs(original.model)
    outputs: dict[int, torch.Tensor] = {}
    with torch.no_grad():
        images = torch.rand(1, 3, 64, 64)
        yolo.run_modules(original.modules[:-1], outputs, images, yolo.saved_indices(original.model))
    for one_to_one in (False, True):
        features = [outputs[index].clone().requires_grad_() for index in inputs]
        run_head(original.modules[-1], features, one_to_one=one_to_one).scores.sum().backward()  # type: ignore[no-untyped-call]
        assert all(feature.grad is not None and feature.grad.abs().sum() > 0 for feature in features)


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_the_loss_of_one_kind_of_stacks(family: str) -> None:
    settings = training_settings(quick_train(), 0)
    whole = yolo.criterion_of(tiny_original(family).model, settings, SharedTargets())
    assert one_to_many_loss(whole) is (whole if family == "yolov8" else whole.one2many)
