from typing import Any

import torch
from torch import nn

from forgetbench.train.parameter_groups import apply_rates, replace_parameters


def parameter() -> nn.Parameter:
    return nn.Parameter(torch.zeros(1))


def test_a_group_is_split_by_its_parameters_rates() -> None:
    a, b, c = parameter(), parameter(), parameter()
    given: list[dict[str, Any]] = [{"params": [a, b], "weight_decay": 0.1}, {"params": [c]}]
    optimizer = torch.optim.SGD(given, lr=0.5)
    apply_rates(optimizer, {id(b): 0.2})
    groups = optimizer.param_groups
    assert [(group["params"], group["lr"], group["rate"]) for group in groups] == [
        ([a], 0.5, 1.0),
        ([b], 0.1, 0.2),
        ([c], 0.5, 1.0),
    ]
    assert [group["weight_decay"] for group in groups] == [0.1, 0.1, 0.0]


def test_parameters_train_in_the_place_and_group_of_another() -> None:
    a, b, c, first, second = (parameter() for _ in range(5))
    optimizer = torch.optim.SGD([{"params": [a, b]}, {"params": [c]}], lr=0.5)
    replace_parameters(optimizer, {id(b): [first, second]})
    held = [[id(one) for one in group["params"]] for group in optimizer.param_groups]
    assert held == [[id(a), id(first), id(second)], [id(c)]]
