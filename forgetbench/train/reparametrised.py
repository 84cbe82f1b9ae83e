"""Weights of a branch that are made from other parameters while it trains, e.g. from low-rank factors.

A branch keeps plain weights: they are what its modules run with, what is averaged, and what checkpoints hold. Their
gradient is carried on by the chain rule to the parameters that they are made from, the optimizer changes those, and the
weights are made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from forgetbench.errors import RunError


class Reparametrised:
    """The weights that strategies replace, each with the module that makes it."""

    def __init__(self, weights: Mapping[str, nn.Parameter], made_by: Mapping[str, nn.Module]) -> None:
        """Make every weight for the first time.

        Args:
            weights: A branch's parameters by name.
            made_by: For some of them, a module that returns the weight when it is called without arguments.

        Raises:
            RunError: there is no such weight, or what is made is of another shape.
        """
        self._modules = nn.ModuleDict({_key(name): module for name, module in made_by.items()})
        self._pairs: list[tuple[nn.Parameter, nn.Module]] = []
        for name, module in made_by.items():
            if name not in weights:
                raise RunError("a strategy replaces a weight that the branch does not have", where=name)
            weight = weights[name]
            module.to(weight.device)
            shape = tuple(module().shape)
            if shape != tuple(weight.shape):
                expected = f"the shape {tuple(weight.shape)}"
                raise RunError("a strategy makes another weight", where=name, expected=expected, found=shape)
            self._pairs.append((weight, module))
        self._put(self._pairs)

    def __iter__(self) -> Iterator[tuple[nn.Parameter, list[nn.Parameter]]]:
        """Yield each weight with the parameters that train in its place."""
        return ((weight, list(module.parameters())) for weight, module in self._pairs)

    def pull_back(self, scaler: torch.amp.GradScaler) -> None:
        """Give the weights' gradient to the parameters that they are made from, and take the loss's scale off it."""
        for weight, module in self._pairs:
            if weight.grad is not None:
                module().backward(weight.grad)
                weight.grad.div_(scaler.get_scale())

    def after_step(self) -> None:
        """Make the weights again from parameters that changed."""
        trained = [(weight, module) for weight, module in self._pairs if weight.requires_grad]
        self._put(trained)
        for weight, _ in trained:
            weight.grad = None

    def state_dict(self) -> dict[str, Tensor]:
        """Return the parameters that weights are made from."""
        return self._modules.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with these parameters; the weights themselves are the branch's to restore."""
        self._modules.load_state_dict(state)

    @staticmethod
    @torch.no_grad()
    def _put(pairs: list[tuple[nn.Parameter, nn.Module]]) -> None:
        for weight, module in pairs:
            weight.copy_(module())


def _key(name: str) -> str:
    return name.replace(".", "/")  # PyTorch takes no dots in the names of modules
