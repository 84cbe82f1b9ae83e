"""Trouble while training, made at chosen places: values that are not finite, memory that runs out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakSet

import pytest
import torch

from forgetbench.sweep import train_sessions
from forgetbench.train import session
from forgetbench.train.learner import Learner, grow_learner


def poisoned(patch: pytest.MonkeyPatch, epochs: Mapping[str, int], value: float = float("nan")) -> None:
    """Put a value into a weight of arms, given by a part of their names, at the start of an epoch, counted from 1."""
    begin = Learner.begin_epoch

    def begin_epoch(learner: Learner, epoch: int) -> None:
        begin(learner, epoch)
        if any(name in learner.arm and epoch + 1 == at for name, at in epochs.items()):
            poison(learner, value)

    patch.setattr(Learner, "begin_epoch", begin_epoch)


@torch.no_grad()
def poison(learner: Learner, value: float = float("nan")) -> None:
    """Put a value into the first element of a weight that trains."""
    weight = next(p for p in learner.branch.owned.parameters() if p.requires_grad)
    weight[(0,) * weight.dim()] = value


#: What running out of memory looks like, by device and library.
NO_MEMORY: dict[str, Exception] = {
    "cuda": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee documentation"),
    "cpu": RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried"),
    "python": MemoryError(),
    "cublas": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
}


class SmallMemory:
    """Room for so many branches at once: where more are held, memory runs out at a place.

    Attributes:
        most: How many there is room for.
        ran_out: How often it did.
    """

    PLACES = ("growing", "measuring", "beginning", "backward", "stepping", "saving")

    def __init__(
        self, patch: pytest.MonkeyPatch, most: int, place: str, kind: str = "cuda", *, after: int = 0, only: str = ""
    ) -> None:
        """Let memory be small.

        Args:
            patch: Puts all back.
            most: How many branches there is room for.
            place: Where it runs out, one of `PLACES`.
            kind: How it says so, a key of `NO_MEMORY`.
            after: How many times the place is passed without trouble.
            only: A part of the names of the arms that it runs out for.
        """
        self.most, self.ran_out = most, 0
        self._kind, self._after, self._only, self._passed = kind, after, only, 0
        self._held = WeakSet[Learner]()

        def grown(arm: str, *arguments: Any, **named: Any) -> Learner:
            if place == "growing":
                self._pass(arm, 1)
            learner = grow_learner(arm, *arguments, **named)
            self._held.add(learner)
            return learner

        patch.setattr(session, "grow_learner", grown)
        owner, name = {
            "growing": (None, ""),
            "measuring": (session, "solo_rows"),
            "beginning": (Learner, "begin_epoch"),
            "backward": (Learner, "backward"),
            "stepping": (Learner, "step"),
            "saving": (train_sessions, "save_checkpoint"),
        }[place]
        if owner is not None:
            patch.setattr(owner, name, self._passing(getattr(owner, name)))

    def _passing(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def passing(first: Any, *arguments: Any, **named: Any) -> Any:
            self._pass(first.arm if isinstance(first, Learner) else str(first), 0)
            return work(first, *arguments, **named)

        return passing

    def _pass(self, arm: str, coming: int) -> None:
        self._passed += self._only in arm
        if self._only in arm and self._passed > self._after and len(self._held) + coming > self.most:
            self.ran_out += 1
            error = NO_MEMORY[self._kind]
            raise type(error)(*error.args)  # one that is raised again would hold on to the frames of before
