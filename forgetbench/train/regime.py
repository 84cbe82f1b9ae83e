"""A regime: everything about how one branch is trained that other branches of the session may do otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor, nn

from forgetbench.errors import SuiteError
from forgetbench.model.parts import Parts
from forgetbench.suite.train_section import Train
from forgetbench.train.strategies.base import Strategy


class Regime:
    """Which parts of a branch train in which epoch, at which rates, under which loss and settings.

    Attributes:
        train: The arm's training settings.
        pretrained: Whether the branch starts from the original's weights, or from random ones.
        parts: The branch's parts, counted with its own task head.
    """

    def __init__(
        self,
        parts: Parts,
        freeze_point: int,
        train: Train,
        *,
        pretrained: bool = True,
        strategies: Sequence[Strategy] = (),
        where: str = "freeze_points",
    ) -> None:
        """Combine strategies.

        Args:
            parts: The branch's parts.
            freeze_point: First trainable module where no strategy says otherwise.
            train: Training settings.
            pretrained: False for random weights.
            strategies: Taken together: all have to let a part train.
            where: The place in the suite, for errors.

        Raises:
            SuiteError: an epoch has no parameter left to train, a random weight would be frozen, or a strategy does not
                fit.
        """
        self.parts, self.train, self.pretrained = parts, train, pretrained
        self._start, self._strategies = freeze_point, tuple(strategies)
        for strategy in strategies:
            strategy.check(train.epochs)
            if strategy.needs_pretrained and not pretrained:
                raise SuiteError(f"{strategy.name} needs pretrained weights", where=strategy.where)
        for epoch in sorted(self._points.index(point) + 1 for point in set(self._points)):
            if not parts.parameters(self.trained(epoch)):
                raise SuiteError(
                    f"nothing is left to train in epoch {epoch}",
                    where=where,
                    expected="at least one parameter; statistics alone have no gradient",
                )
        frozen = {part.name for part in parts} - self.trained(1)
        if not pretrained and frozen:
            raise SuiteError(
                "random weights cannot be frozen",
                where=where,
                expected="freeze point none and nothing frozen where pretrained is false",
                found=f"{len(frozen)} frozen tensors such as {min(frozen)}",
            )

    @cached_property
    def _points(self) -> list[int]:
        points = []
        for epoch in range(1, self.train.epochs + 1):
            point = self._start
            for strategy in self._strategies:
                point = strategy.freeze_point(epoch, point)
            points.append(point)
        return points

    @cached_property
    def _by_epoch(self) -> list[frozenset[str]]:
        allowed = {part.name for part in self.parts if all(strategy.trains(part) for strategy in self._strategies)}
        of_point = {point: self.parts.from_module(point) & allowed for point in set(self._points)}
        return [of_point[point] for point in self._points]

    def trained(self, epoch: int) -> frozenset[str]:
        """Return the names of the parts that train in an epoch, counted from 1."""
        return self._by_epoch[epoch - 1]

    def turns(self, epoch: int) -> bool:
        """Tell whether other parts train in an epoch than in the one before."""
        return epoch == 1 or self.trained(epoch) != self.trained(epoch - 1)

    @cached_property
    def last_turn(self) -> int:
        """The last epoch from which on other parts train than before."""
        return max(epoch for epoch in range(1, self.train.epochs + 1) if self.turns(epoch))

    @cached_property
    def ever_trained(self) -> frozenset[str]:
        """The parts that train in any epoch."""
        return frozenset().union(*self._by_epoch)

    @cached_property
    def freeze_point(self) -> int:
        """Index of the first module that anything ever trains in: all modules below are the original's for good."""
        deepest = min(self._points)
        # A freeze point named on a module without parameters (YOLOv8's 10) stays as it is named.
        whole = self.ever_trained == self.parts.from_module(deepest)
        return deepest if whole else min(self.parts[name].module for name in self.ever_trained)

    @property
    def trained_parameters(self) -> int:
        """Number of parameters that train in any epoch."""
        return self.parts.parameters(self.ever_trained)

    @property
    def trained_share(self) -> float:
        """Share of the branch's parameters, its task head among them, that trains in any epoch."""
        return self.trained_parameters / self.parts.parameters()

    def rate(self, name: str) -> float:
        """Return the factor on the learning rate of a parameter."""
        factor = 1.0
        for strategy in self._strategies:
            factor *= strategy.rate(self.parts[name])
        return factor

    def begin(self, weights: Mapping[str, nn.Parameter]) -> None:
        """Show the strategies the branch's parameters before the first step."""
        for strategy in self._strategies:
            strategy.begin(weights)

    def penalty(self, weights: Mapping[str, nn.Parameter]) -> Tensor | None:
        """Return the sum of what strategies add to the loss, None if that is nothing."""
        added = [term for strategy in self._strategies if (term := strategy.penalty(weights)) is not None]
        return torch.stack(added).sum() if added else None
