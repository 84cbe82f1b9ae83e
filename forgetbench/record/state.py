"""The state that training goes on from after an interruption, as a file of tensors and plain values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from forgetbench.errors import CorruptRunError
from forgetbench.files import atomic_path


def state_path(place: Path, epoch: int) -> Path:
    """Return the path of the state after an epoch."""
    return place / f"state-{epoch:03d}.pt"


def newest_state(paths: Iterable[Path]) -> Path | None:
    """Return the state after the latest epoch, None where no path is a state's."""
    states = (path for path in paths if path.suffix == ".pt")
    return max(states, key=lambda path: int(path.stem.removeprefix("state-")), default=None)


def other_states(path: Path) -> list[Path]:
    """Return the states beside one: the one before, or what a kill left."""
    return [other for other in path.parent.glob("state-*.pt") if other != path]


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state, whole or not at all."""
    # Written to a file of ours, a full disk is known as such; PyTorch's own file only falls short.
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        torch.save(state, file)


def load_state(path: Path, device: torch.device) -> dict[str, Any]:
    """Read a state; nothing in it is executed.

    Raises:
        CorruptRunError: it is damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise CorruptRunError(
            "the state to resume from is damaged", where=path, fix="Remove its folder to train this again."
        ) from error
    return state
