"""What is measured while training: gradient norms, and the bytes a branch needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from forgetbench.record.rows.training import GradientRow
from forgetbench.train.readings import Readings


def l2_norms(groups: Iterable[list[Tensor]]) -> list[Tensor | None]:
    """Return the L2 norm over all elements of each group's tensors, None for an empty group; no wait for a GPU."""
    return [torch.linalg.vector_norm(torch.stack(torch._foreach_norm(group))) if group else None for group in groups]


class StepNorms:
    """Norms of every module of a branch around one optimizer step."""

    def __init__(self, owned: nn.ModuleList) -> None:
        trained = [[p for p in module.parameters() if p.requires_grad] for module in owned]
        self._resting = [
            not group and any(True for _ in module.parameters()) for group, module in zip(trained, owned, strict=True)
        ]
        self._weights = [[p.detach() for p in group] for group in trained]
        self._gradient = l2_norms([p.grad for p in group if p.grad is not None] for group in trained)
        self._weight = l2_norms(self._weights)
        self._before = [[weight.clone() for weight in group] for group in self._weights]

    def note(
        self,
        readings: Readings,
        rows: list[GradientRow],
        arm: str,
        epoch: int,
        step: int,
        freeze_point: int,
        frozen: Iterable[int],
    ) -> None:
        """Note norms that become one row per module with parameters; call it after the step that they are around.

        `frozen` are the indices of modules with parameters below the freeze point; they read None, and so do modules
        above it in which nothing trains at this step.
        """
        groups = zip(self._weights, self._before, strict=True)
        changes = l2_norms([after - old for after, old in zip(*group, strict=True)] for group in groups)
        norms = [norm for of_module in zip(self._gradient, self._weight, changes, strict=True) for norm in of_module]
        known, resting, frozen = [norm is not None for norm in norms], self._resting, list(frozen)

        def use(numbers: list[float]) -> None:
            given = iter(numbers)
            read = iter([next(given) if is_known else None for is_known in known])
            rows.extend(GradientRow(arm, epoch, step, f"model.{index}", None, None, None) for index in frozen)
            measured = zip(read, read, read, resting, strict=True)
            for index, (gradient, weight, update, rests) in enumerate(measured, start=freeze_point):
                if rests or weight is not None:
                    rows.append(GradientRow(arm, epoch, step, f"model.{index}", gradient, weight, update))

        readings.note([norm for norm in norms if norm is not None], use)


@contextmanager
def saved_bytes(resident: Iterable[Tensor]) -> Iterator[list[int]]:
    """Count the bytes that autograd keeps for the backward pass inside the block.

    Every storage counts once, whole; storages of `resident` tensors (parameters and buffers, which are in memory
    anyway) do not count. The list holds one number when the block ends.
    """
    known = {tensor.untyped_storage().data_ptr() for tensor in resident}
    storages: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    counted: list[int] = []
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield counted
    counted.append(sum(storages.values()))


def tensor_bytes(tensors: Iterable[Tensor | None]) -> int:
    """Return the bytes of tensors' elements."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor is not None)


def optimizer_bytes(optimizer: torch.optim.Optimizer) -> int:
    """Return the bytes of an optimizer's state tensors."""
    return tensor_bytes(v for state in optimizer.state.values() for v in state.values() if isinstance(v, Tensor))
