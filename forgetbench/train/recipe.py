"""A recipe: what trains above the freeze point of one branch, when, at which rates and with which loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from forgetbench.data.dataset import Dataset
from forgetbench.errors import RunError, SuiteError
from forgetbench.model.parts import Parts
from forgetbench.suite.train_section import Train
from forgetbench.train.context import StepContext
from forgetbench.train.strategies.base import BatchSource, DataSplit, Strategy


class Recipe:
    """Which parts of a branch train in which epoch, at which rates, under which loss and settings.

    Attributes:
        train: The arm's training settings.
        pretrained: Whether the branch starts from the original's weights, or from random ones.
        parts: The branch's parts, counted with its own task head.
        modules: Indices of the modules whose outputs strategies look at.
        sources: Further images to train on, each with the strategy that wants them; see `find_sources`.
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
        self.modules = frozenset[int]().union(*(strategy.modules() for strategy in strategies))
        self.sources: tuple[tuple[Strategy, BatchSource], ...] = ()
        for strategy in strategies:
            strategy.check(train.epochs)
            if strategy.needs_pretrained and not pretrained:
                raise SuiteError(f"{strategy.name} needs pretrained weights", where=strategy.where)
            if train.patience and _changes_the_end(strategy):
                raise SuiteError(
                    f"{strategy.name} changes the last epoch's weights; with patience nobody knows which is last",
                    where=strategy.where,
                    expected="train.patience 0",
                    found=train.patience,
                )
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

    def again(self) -> Recipe:
        """Return the same recipe for another session: what strategies remember of a training is each session's own."""
        strategies = {id(strategy): copy(strategy) for strategy in self._strategies}
        other = copy(self)
        other._strategies = tuple(strategies.values())
        other.sources = tuple((strategies[id(strategy)], source) for strategy, source in self.sources)
        return other

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
        """Tell whether an epoch trains other parts than the epoch before."""
        return epoch == 1 or self.trained(epoch) != self.trained(epoch - 1)

    @cached_property
    def last_turn(self) -> int:
        """The last epoch that trains other parts than the epoch before it."""
        return max(epoch for epoch in range(1, self.train.epochs + 1) if self.turns(epoch))

    @cached_property
    def ever_trained(self) -> frozenset[str]:
        """The parts that train in any epoch."""
        return frozenset().union(*self._by_epoch)

    @cached_property
    def freeze_point(self) -> int:
        """Index of the first module in which any part ever trains: all modules below stay the original's."""
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

    def find_sources(self, data: Mapping[DataSplit, Dataset], seed: int) -> None:
        """Let strategies choose the further images that they train on.

        Args:
            data: What the suite has, by name as in `Strategy.needs_data`.
            seed: The arm's.

        Raises:
            SuiteError: there are no data of a name.
        """
        found = []
        for strategy in self._strategies:
            missing = [name for name in strategy.needs_data if name not in data]
            if missing:
                raise SuiteError(f"{strategy.name} needs data that are not there", where=strategy.where, found=missing)
            given = {name: data[name] for name in strategy.needs_data}
            found += [(strategy, source) for source in strategy.sources(given, seed)]
        self.sources = tuple(found)

    def begin(self, weights: Mapping[str, nn.Parameter], seed: int) -> dict[str, nn.Module]:
        """Show strategies the branch's parameters before the first step; return what replaces weights, by name.

        Raises:
            SuiteError: two strategies replace the same weight.
        """
        made_by: dict[str, nn.Module] = {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for strategy in self._strategies:
                strategy.begin(weights)
                replaced = strategy.reparametrise(weights)
                both = sorted(replaced.keys() & made_by.keys())
                if both:
                    raise SuiteError(
                        "another strategy of the arm makes the same weight", where=strategy.where, found=both[0]
                    )
                made_by.update(replaced)
        return made_by

    def penalty(self, weights: Mapping[str, nn.Parameter]) -> Tensor | None:
        """Return the sum of what strategies add to the loss, None if that is nothing."""
        added = [term for strategy in self._strategies if (term := strategy.penalty(weights)) is not None]
        return torch.stack(added).sum() if added else None

    @cached_property
    def has_losses(self) -> bool:
        """Whether a strategy looks at the outputs of a batch."""
        own = (Strategy.loss, Strategy.source_loss)
        return any((type(strategy).loss, type(strategy).source_loss) != own for strategy in self._strategies)

    def losses(self, context: StepContext) -> Iterator[tuple[str, Tensor]]:
        """Yield what strategies add for the outputs of a batch, each with its strategy's name."""
        for strategy in self._strategies:
            term = strategy.loss(context)
            if term is not None:
                yield strategy.name, term

    def state(self) -> dict[str, Any]:
        """Return the state of strategies that have one, by name."""
        return {strategy.name: state for strategy in self._strategies if (state := strategy.state())}

    def restore(self, states: Mapping[str, Any]) -> None:
        """Let strategies go on from their states."""
        for strategy in self._strategies:
            if strategy.name in states:
                strategy.restore(states[strategy.name])

    def finish(self, averages: Mapping[str, Tensor], original: Mapping[str, Tensor]) -> None:
        """Let strategies change what the checkpoint of the last epoch holds, in turn and in place.

        Raises:
            RunError: a strategy changes what does not train, or gives something of another shape.
        """
        for strategy in filter(_changes_the_end, self._strategies):
            copies = {
                name: tensor.detach().to(torch.float32, copy=True)
                for name, tensor in averages.items()
                if name in self.ever_trained and tensor.is_floating_point()
            }
            for name, tensor in strategy.finish(copies, original).items():
                if name not in copies or tensor.shape != averages[name].shape:
                    expected = "a part that trains, in its own shape"
                    raise RunError(f"{strategy.name} changed what it may not", where=name, expected=expected)
                averages[name].copy_(tensor)


def _changes_the_end(strategy: Strategy) -> bool:
    return type(strategy).finish is not Strategy.finish
