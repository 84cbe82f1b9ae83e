"""Label smoothing: what it asks of each anchor, by hand."""

import pytest
import torch
from support.factories import CLASSES, quick_train, tiny_original

from forgetbench.model.targets import SharedTargets


def test_label_smoothing_asks_less_of_assigned_anchors_and_nothing_new_of_the_others() -> None:
    from forgetbench.model.yolo import criterion_of
    from forgetbench.train.ultralytics_trainer import training_settings

    original = tiny_original()
    criterion = criterion_of(
        original.model, training_settings(quick_train(), seed=0), SharedTargets(), label_smoothing=0.2
    )
    targets = torch.tensor([[[0.8, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    zero = torch.zeros_like(targets)
    # at logit 0 the slope of the loss is 1/2 - target
    logits = zero.clone().requires_grad_()
    criterion.bce(logits, targets).sum().backward()
    assert logits.grad is not None
    asked = 0.5 - logits.grad
    assert torch.allclose(asked[0, 0], torch.tensor([0.8 * 0.9, 0.8 * 0.1, 0.8 * 0.1]))
    assert torch.equal(asked[0, 1], zero[0, 1])
    assert len(CLASSES) == targets.shape[-1]


@pytest.mark.parametrize("family", ["yolov8", "yolov10"])
def test_label_smoothing_reaches_every_loss_of_a_model(family: str) -> None:
    from forgetbench.model.yolo import criterion_of
    from forgetbench.train.ultralytics_trainer import training_settings

    settings = training_settings(quick_train(), seed=0)
    made = criterion_of(tiny_original(family).model, settings, SharedTargets(), label_smoothing=0.1)
    losses = [made] if family == "yolov8" else [made.one2many, made.one2one]
    assert {type(loss.bce).__name__ for loss in losses} == {"SmoothedBCE"}
