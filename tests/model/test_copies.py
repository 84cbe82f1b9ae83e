"""Copies of modules."""

import copy

import pytest
import torch
from torch import nn

from forgetbench.model import yolo
from forgetbench.model.copies import copied
from forgetbench.model.original import load_original
from forgetbench.plan.models import SHIPPED


class Shared(nn.Module):
    """Holds an activation twice, once in a plain list, a tensor beside its parameters, and a hook."""

    first: nn.Sequential
    second: nn.Sequential
    stride: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.SiLU())
        self.second = nn.Sequential(nn.Conv2d(4, 4, 1), self.first[2])
        self.beside = [self.first[2], {"sizes": [1, 2]}]
        self.stride = torch.tensor([8.0, 16.0])
        self.register_forward_hook(lambda _module, _given, output: output + 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.second(self.first(x))
        return out


def test_what_was_shared_is_shared_and_all_else_is_new() -> None:
    module = Shared().eval().to(memory_format=torch.channels_last)
    module.first[0].weight.requires_grad_(False)
    made = copied(module)
    assert made.second[1] is made.first[2] is made.beside[0]
    assert made.first[2] is not module.first[2]
    assert made.beside[1] == {"sizes": [1, 2]}
    assert made.beside[1] is not module.beside[1]
    assert not made.training
    assert not made.first[0].weight.requires_grad
    assert made.first[1].weight.requires_grad
    assert isinstance(made.first[0], nn.Conv2d)
    assert made.first[0].weight.is_contiguous(memory_format=torch.channels_last)
    x = torch.rand(1, 3, 8, 8)
    before = module(x)
    assert torch.equal(made(x), before)
    theirs = {tensor.data_ptr() for tensor in [*module.state_dict().values(), module.stride]}
    assert not theirs & {tensor.data_ptr() for tensor in [*made.state_dict().values(), made.stride]}
    made.first.append(nn.Identity())
    made.register_forward_hook(lambda _module, _given, output: output * 2)
    assert len(module.first) == 3
    assert torch.equal(module(x), before)


@pytest.mark.parametrize("index", [0, 2, 12, -1])
def test_modules_of_a_model_are_copied_as_deepcopy_copies_them(index: int) -> None:
    module = yolo.modules_of(load_original(SHIPPED / "weights" / "yolov8p-shapes.safetensors").model)[index]
    made, expected = copied(module), copy.deepcopy(module)
    assert repr(made) == repr(expected)
    for mine, other in zip(made.modules(), expected.modules(), strict=True):
        assert mine.__dict__.keys() == other.__dict__.keys()
    assert all(torch.equal(made.state_dict()[name], tensor) for name, tensor in expected.state_dict().items())
