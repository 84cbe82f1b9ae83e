import math
from copy import deepcopy

import pytest
import torch
from support.factories import tiny_original
from torch import nn

from forgetbench.evaluate.changes import WeightChange, relative_change
from forgetbench.model.parts import statistics_of


def block() -> nn.Sequential:
    """Return a convolution of weights 3 and 4 with a BatchNorm of weight 12, bias 0, mean 2, variance 5."""
    made = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.BatchNorm2d(2))
    convolution, norm = made.children()
    convolution.load_state_dict({"weight": torch.tensor([3.0, 4.0]).reshape(2, 1, 1, 1)})
    norm.load_state_dict(
        {"weight": torch.tensor([12.0, 0]), "bias": torch.zeros(2), "running_mean": torch.full((2,), 2.0),
         "running_var": torch.full((2,), 5.0), "num_batches_tracked": torch.tensor(0)}
    )  # fmt: skip
    return made


def test_changes_by_hand() -> None:
    before, after = block(), block().half()
    tensors = after.state_dict()
    tensors["0.weight"][0] += 1.5
    tensors["1.bias"][1] -= 2
    tensors["1.running_mean"][0] = 3
    tensors["1.running_var"].fill_(2.5)
    change = relative_change(before, after)
    assert change.weights == pytest.approx(math.hypot(1.5, 2) / 13)
    assert change.means == pytest.approx(1 / math.hypot(2, 2))
    assert change.variances == pytest.approx(0.5)
    assert relative_change(before, block()) == WeightChange(0.0, 0.0, 0.0)


def test_what_a_module_does_not_have_is_not_measured() -> None:
    assert relative_change(nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2)) == WeightChange(None, None, None)
    convolution = nn.Conv2d(1, 2, 1)
    assert relative_change(convolution, convolution) == WeightChange(0.0, None, None)
    broken = block()
    broken.state_dict()["1.running_var"][0] = torch.nan
    assert relative_change(block(), broken) == WeightChange(0.0, 0.0, None)


def test_statistics_are_those_of_batchnorm_by_name() -> None:
    assert set(statistics_of(block())) == {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
    assert set(statistics_of(nn.BatchNorm2d(1))) == {"running_mean", "running_var", "num_batches_tracked"}
    for module in tiny_original().modules:
        expected = {name for name in module.state_dict() if ".bn." in f".{name}" and "weight" not in name}
        assert set(statistics_of(module)) == {name for name in expected if "bias" not in name}


def test_changes_are_the_same_in_every_memory_layout() -> None:
    layouts = (torch.contiguous_format, torch.channels_last)
    sensitive = 0
    for seed in range(20):
        torch.manual_seed(seed)
        before, after = nn.Conv2d(32, 16, 3), nn.Conv2d(32, 16, 3).half()
        changes = {
            relative_change(deepcopy(before).to(memory_format=one), deepcopy(after).to(memory_format=other))
            for one in layouts
            for other in layouts
        }
        assert len(changes) == 1
        norms = {float(before.weight.double().to(memory_format=layout).norm()) for layout in layouts}
        sensitive += len(norms) - 1
    assert sensitive  # a sum in the order of memory does depend on it


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, where training leaves the original")
def test_modules_may_lie_on_different_devices() -> None:
    after = block()
    after.state_dict()["0.weight"][0] += 1.5
    assert relative_change(block().to("cuda"), after) == relative_change(block(), after)
