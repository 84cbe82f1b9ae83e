"""An optimizer's parameter groups: a learning rate for each parameter, and parameters that train in another's place."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn


def apply_rates(optimizer: torch.optim.Optimizer, rates: Mapping[int, float]) -> None:
    """Split parameter groups so that each parameter trains at its factor (by `id`, 1 if absent) of the group's rate."""
    groups = list(optimizer.param_groups)
    optimizer.param_groups.clear()
    for group in groups:
        by_rate: dict[float, list[nn.Parameter]] = {}
        for parameter in group["params"]:
            by_rate.setdefault(rates.get(id(parameter), 1.0), []).append(parameter)
        for rate, parameters in by_rate.items():
            optimizer.param_groups.append({**group, "params": parameters, "lr": group["lr"] * rate, "rate": rate})


def replace_parameters(optimizer: torch.optim.Optimizer, instead: Mapping[int, list[nn.Parameter]]) -> None:
    """Put other parameters in the place of some (by `id`), into the same group."""
    for group in optimizer.param_groups:
        group["params"] = [p for given in group["params"] for p in instead.get(id(given), [given])]
