import torch
from torch import nn

from forgetbench.record.rows.training import GradientRow
from forgetbench.train.probes import StepNorms, l2_norms, optimizer_bytes, saved_bytes, tensor_bytes
from forgetbench.train.readings import Readings


def test_l2_norm_is_over_all_elements() -> None:
    assert l2_norms([[torch.tensor([3.0]), torch.tensor([[0.0, 4.0]])], []]) == [5.0, None]


def test_norms_around_a_step() -> None:
    first, second = nn.Linear(1, 1, bias=False), nn.Identity()
    owned = nn.ModuleList([first, second])
    with torch.no_grad():
        first.weight.fill_(2.0)
    first.weight.grad = torch.tensor([[0.5]])
    norms = StepNorms(owned)
    with torch.no_grad():
        first.weight.sub_(0.25)
    readings, rows = Readings(), list[GradientRow]()
    norms.note(readings, rows, "arm", epoch=1, step=3, freeze_point=7, frozen=[4])
    first.weight.grad.fill_(9.0)  # what was noted are the norms of then
    assert rows == []
    readings.read()
    frozen, trained = rows
    assert (trained.module, trained.norm, trained.weight_norm, trained.update_norm) == ("model.7", 0.5, 2.0, 0.25)
    assert (frozen.module, frozen.norm, frozen.weight_norm, frozen.update_norm) == ("model.4", None, None, None)


def test_saved_bytes_counts_each_storage_once_and_parameters_never() -> None:
    weight = torch.ones(4, 4, requires_grad=True)
    x = torch.ones(2, 4)
    with saved_bytes([weight]) as counted:
        y = x @ weight  # keeps x (32 bytes); weight needs no keeping
        z = y.exp()  # keeps its result z (32 bytes)
        (z * z).sum()  # keeps z again
    assert counted == [64]


def test_saved_bytes_of_frozen_work_is_nothing() -> None:
    with saved_bytes([]) as counted, torch.no_grad():
        torch.ones(8, requires_grad=True).exp()
    assert counted == [0]


def test_bytes() -> None:
    assert tensor_bytes([torch.zeros(3), None, torch.zeros(2, dtype=torch.float16)]) == 16
    parameter = nn.Parameter(torch.zeros(5))
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
    assert optimizer_bytes(optimizer) == 0
    parameter.grad = torch.ones(5)
    optimizer.step()
    assert optimizer_bytes(optimizer) == 20
